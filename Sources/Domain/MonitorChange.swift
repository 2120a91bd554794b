/// That a monitor's status moved, with what is needed to tell people: the seam between verdicts and incidents.
public struct MonitorChange: Sendable {
  public var monitor: MonitorID
  public var publicID: PublicID<MonitorTag>
  public var organization: OrganizationID
  public var name: String
  public var url: String
  public var from: MonitorStatus
  public var to: MonitorStatus
  /// When the new state began: for down the first failing check of the confirming streak, for up the first success of the recovering one.
  public var since: Instant
  /// When this was decided.
  public var at: Instant
  /// The failure that confirmed *down*, and its region.
  public var failure: Failure?
  public var httpStatus: Int32?
  public var region: String?
  public var recovering: Bool
  public var flapping: Bool
  public var wasFlapping: Bool
  /// Confirmed changes of the present or the last flapping, and when the first of them was.
  public var flaps: Int
  public var flappingSince: Instant
  /// Nothing changed: a check found it as it was, and somebody waits to hear that.
  public var isSeenAgain = false

  public init(
    monitor: MonitorID, publicID: PublicID<MonitorTag>, organization: OrganizationID, name: String, url: String,
    from: MonitorStatus, to: MonitorStatus, since: Instant, at: Instant, failure: Failure? = nil,
    httpStatus: Int32? = nil, region: String? = nil, recovering: Bool = false,
    flapping: Bool = false, wasFlapping: Bool = false, flaps: Int = 0, flappingSince: Instant = Instant(ms: 0)
  ) {
    self.monitor = monitor
    self.publicID = publicID
    self.organization = organization
    self.name = name
    self.url = url
    self.from = from
    self.to = to
    self.since = since
    self.at = at
    self.failure = failure
    self.httpStatus = httpStatus
    self.region = region
    self.recovering = recovering
    self.flapping = flapping
    self.wasFlapping = wasFlapping
    self.flaps = flaps
    self.flappingSince = flappingSince
  }
}
