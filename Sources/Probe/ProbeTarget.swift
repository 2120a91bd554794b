import Domain

/// A monitor's settings made ready to be probed many times; built once, shared by every run.
public struct ProbeTarget: Sendable {
  public let settings: MonitorSettings

  public init(_ settings: MonitorSettings) throws(TargetError) {
    self.settings = settings
  }
}
