import Domain
import Probe

/// Whether settings can be run: the rules of their values, then what only the prober can say (patterns, JSONPath).
public enum MonitorRules {
  /// Everything that is wrong, by JSON pointer; empty when nothing is.
  public static func problems(_ settings: MonitorSettings) -> [FieldProblem] {
    let found = settings.problems()
    guard found.isEmpty else { return found }
    do throws(TargetError) {
      _ = try ProbeTarget(settings)
      return []
    } catch {
      return [FieldProblem(error.pointer, error.detail)]
    }
  }
}
