import Domain
import Synchronization

/// One check here and now, without an engine of its own standing by.
public enum ProbeOnce {
  /// A single attempt; throws only our own trouble, never the target's.
  public static func check(
    _ target: ProbeTarget, allowsPrivate: Bool, world: World, configuration: ProbeEngine.Configuration = .init()
  ) async throws -> ProbeReport {
    var settings = target.settings
    settings.attempts = 1
    let single = try ProbeTarget(settings)
    let box = Mutex<ProbeEngine?>(nil)
    defer { box.withLock { $0 }?.stop() }
    return try await withCheckedThrowingContinuation { continuation in
      do {
        let engine = try ProbeEngine(configuration: configuration, world: world) { reports in
          if let report = reports.first { continuation.resume(returning: report) }
        }
        box.withLock { $0 = engine }
        engine.submit([
          ProbeRun(
            token: 1, target: single, dueNs: 0, budgetMs: Int64(settings.timeoutMs), allowsPrivate: allowsPrivate,
            urgent: true)
        ])
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}
