import HTML

extension Sample {
  static func days(_ loud: [Int: Day] = [:], unknownBefore: Int = 0) -> [Day] {
    (0..<90).map { index in index < unknownBefore ? Day(state: .unknown, minutes: 1_440) : loud[89 - index] ?? .quiet }
  }

  static func publicFrame(_ name: String = "Harbourline", direction: String = "ltr", language: String = "en")
    -> PublicFrame
  {
    PublicFrame(
      name: name, paths: PublicPaths(base: "/status/harbourline"), about: "Freight by sea and rail.",
      language: language,
      direction: direction, live: .publicPage("harbourline", seq: 812, epoch: "e1"), now: now)
  }

  static func service(
    _ name: String, _ description: String, _ state: State = .up, _ loud: [Int: Day] = [:], observed: String = "fresh",
    unknownBefore: Int = 0, uptime: Double? = 0.99948
  ) -> PublicService {
    PublicService(
      id: "svc_\(name.utf8.reduce(UInt32(7)) { ($0 &* 31) &+ UInt32($1) })", name: name, description: description,
      state: state, observed: observed,
      days: days(loud, unknownBefore: unknownBefore), uptime: uptime, today: now)
  }

  static let quiet: [PublicService] = [
    service("Website", "Marketing site and sign-in", .up, [41: Day(state: .degraded, minutes: 14)]),
    service(
      "Web app", "Bookings, invoices, reports", .up,
      [12: Day(state: .maintenance, minutes: 55), 41: Day(state: .partial, minutes: 9)]),
    service("Tracking", "Vessel and parcel positions", uptime: 1),
    service(
      "Webhooks", "Delivery to your endpoints", .up,
      [
        33: Day(state: .degraded, minutes: 128), 60: Day(state: .unknown, minutes: 1_440),
        61: Day(state: .unknown, minutes: 1_440),
      ]),
    service(
      "Rate quotes", "Carrier tariffs, a service whose description is rather longer than there is room for",
      unknownBefore: 70),
    service(
      "Customs data", "Tariff codes and declarations", .up,
      [19: Day(state: .partial, minutes: 253), 20: Day(state: .down, minutes: 95), 57: Day(state: .down, minutes: 700)]),
  ]

  static let updates: [TimelineEntry] = [
    TimelineEntry(
      at: now - 14 * minute, what: "Identified",
      message:
        "A schema change locked the reservations table.\nWe are rolling it back.\n\nThe first of three shards is done.",
      isLatest: true, style: .dayClock),
    TimelineEntry(
      at: now - 36 * minute, what: "Investigating",
      message:
        "Quotes and reservations fail with time-outs for all customers. <b>Labels</b> already paid for can be printed, slowly.",
      style: .dayClock),
    TimelineEntry(
      at: now - 44 * minute, what: "Opened",
      message:
        "Three of three healthy regions could not reach Booking. Opened automatically, 63 s after the first failure.",
      style: .dayClock),
  ]

  static let impacts: [OpenIncident.Impact] = [
    .init(service: "Booking", state: .down), .init(service: "Label printing", state: .degraded),
  ]

  static let openIncident = OpenIncident(
    id: "inc_1", path: "/status/harbourline/incidents/inc_1", title: "Bookings fail with time-outs",
    status: .identified, impact: .down,
    startedAt: now - 45 * minute, now: now, impacts: impacts, updates: updates)

  static let past: [PastIncident] = [
    PastIncident(
      path: "/status/harbourline/incidents/inc_2", title: "Label printing was slow", startedAt: now - 5 * day,
      resolvedAt: now - 5 * day + 46 * minute),
    PastIncident(
      path: "/status/harbourline/incidents/inc_3",
      title: "Customs data was incomplete, which nobody noticed for the better part of a working day",
      startedAt: now - 19 * day, resolvedAt: now - 19 * day + 348 * minute),
  ]

  static var statusOperational: StatusPage {
    StatusPage(
      frame: publicFrame(), services: quiet, open: [], past: past, lastCheckedAt: now - 6_000,
      lastOutageEndedAt: now - 19 * day)
  }

  static var statusIncident: StatusPage {
    let troubled = [
      service(
        "Booking", "Quotes and reservations", .down,
        [0: Day(state: .down, minutes: 45), 48: Day(state: .down, minutes: 22)]),
      service(
        "Label printing", "PDF and ZPL", .degraded,
        [0: Day(state: .degraded, minutes: 36), 5: Day(state: .degraded, minutes: 46)]),
    ]
    return StatusPage(
      frame: publicFrame(), services: troubled + quiet, open: [openIncident], past: past, lastCheckedAt: now - 6_000)
  }

  static var statusEveryState: StatusPage {
    let services = [
      service("Partial", "", .partial, [0: Day(state: .partial, minutes: 20)]),
      service("Major", "", .down, [0: Day(state: .down, minutes: 300)]),
      service("Maintenance", "", .maintenance, [0: Day(state: .maintenance, minutes: 20)]),
      service("Degraded", "", .degraded),
      service("Never seen", "", observed: "none", unknownBefore: 90, uptime: nil),
      service("Stale", "", observed: "stale"),
    ]
    return StatusPage(frame: publicFrame(), services: services, open: [], past: [], lastCheckedAt: now - 6_000)
  }

  static var statusRTL: StatusPage {
    StatusPage(
      frame: publicFrame("נמל חיפה", direction: "rtl", language: "he"),
      services: [
        service("הזמנות", "הצעות מחיר והזמנות"),
        service("מעקב", "", .degraded, [0: Day(state: .degraded, minutes: 36)]),
      ], open: [], past: past,
      lastCheckedAt: now)
  }

  static var statusTwenty: StatusPage {
    let services = (1...20).map { number in
      service(
        "Service number \(number)", "What it does for the people who use it", number % 7 == 0 ? .degraded : .up,
        [
          number: Day(state: .degraded, minutes: number * 9), number + 30: Day(state: .down, minutes: number * 4),
          number + 55: Day(state: .partial, minutes: 40),
        ])
    }
    return StatusPage(frame: publicFrame(), services: services, open: [openIncident], past: past, lastCheckedAt: now)
  }

  static func publicIncident(isResolved: Bool) -> PublicIncidentPage {
    PublicIncidentPage(
      frame: publicFrame(), id: "inc_1", incidentTitle: "Bookings fail with time-outs",
      status: isResolved ? .resolved : .identified, impact: .down,
      startedAt: now - 45 * minute, resolvedAt: isResolved ? now : nil, impacts: impacts, updates: updates,
      postmortem: isResolved
        ? "A migration took a lock that it did not need.\n\nIt now runs in small steps, and a test holds it to that."
        : "")
  }

  static let history = HistoryPage(
    frame: publicFrame(),
    months: [
      .init(at: now, incidents: past, open: [openIncident]), .init(at: now - 31 * day, incidents: [], open: []),
      .init(at: now - 61 * day, incidents: past, open: []),
    ], older: "2026-08", newer: nil, state: .down)

  static let feed = AtomFeed(
    name: "Harbourline", pageURL: "https://status.example/status/harbourline",
    feedURL: "https://status.example/status/harbourline/feed.atom", updatedAt: now,
    entries: [
      .init(
        id: "inc_1", url: "https://status.example/status/harbourline/incidents/inc_1",
        title: "Bookings <fail> & time out", status: .identified, startedAt: now - 45 * minute,
        updatedAt: now - 14 * minute, updates: updates)
    ])
}
