import HTML

extension Sample {
  static func incident(_ status: IncidentStatus, canWrite: Bool = true) -> IncidentPage {
    IncidentPage(
      frame: frame(canWrite: canWrite), id: "inc_1", incidentTitle: "Bookings fail with time-outs", status: status,
      impact: .down, startedAt: now - 45 * minute,
      acknowledgedAt: status == .investigating ? nil : now - 42 * minute,
      acknowledgedBy: status == .investigating ? nil : "Ines Okafor",
      resolvedAt: status == .resolved ? now : nil, monitor: ("mon_1", "Booking API"), detectedAfterMs: 63_000,
      impacts: [
        .init(id: "svc_1", name: "Booking", state: .down), .init(id: "svc_2", name: "Label printing", state: .degraded),
      ],
      timeline: [
        TimelineEntry(
          at: now - 14 * minute, what: "Identified", author: "Ines Okafor",
          message: "A schema change locked the reservations table.", isLatest: true),
        TimelineEntry(
          at: now - 41 * minute, what: "Acknowledged", author: "Ines Okafor", message: "Escalation stopped at step 1."),
        TimelineEntry(
          at: now - 44 * minute, what: "Opened", author: "Martlet",
          message: "3 of 3 healthy regions failing, 63 s after the first failure at 13:47:02."),
      ], votes: votes(3, isOver: status == .resolved), evidence: regionEvidence,
      deliveries: [
        .init(channel: "On call", outcome: "delivered 13:48:06 UTC", state: .up),
        .init(channel: "Webhook, quayside.example", outcome: "HTTP 500, 4th try at 14:36 UTC", state: .unconfirmed),
        .init(channel: "Old pager", outcome: "410 Gone: given up", state: .down),
      ], postmortemText: status == .resolved ? "A migration took a lock that it did not need." : "",
      publicPath: "/status/harbourline/incidents/inc_1",
      errors: status == .identified ? ["message": "Empty. Say what is known now."] : [:], now: now)
  }

  static let incidents: [IncidentLine] = [
    IncidentLine(
      id: "inc_1", title: "Bookings fail with time-outs", status: .identified, impact: .down,
      services: ["Booking", "Label printing"], startedAt: now - 45 * minute, isAutomatic: true, isAcknowledged: false,
      now: now),
    IncidentLine(
      id: "inc_2", title: "Label printing was slow", status: .resolved, impact: .degraded, services: ["Label printing"],
      startedAt: now - 5 * day, resolvedAt: now - 5 * day + 46 * minute, isAutomatic: false, isAcknowledged: true,
      now: now),
  ]

  static let services: [ServiceListPage.Row] = quiet.enumerated().map { index, service in
    ServiceListPage.Row(
      id: service.id, name: service.name, description: service.description, state: index == 1 ? .down : .up,
      observed: index == 4 ? "stale" : "fresh",
      monitors: index, isShown: index != 2, days: service.days, uptime: service.uptime)
  }

  static var serviceForm: ServiceForm {
    ServiceForm(
      name: "Booking", description: "Quotes and reservations",
      monitors: [
        .init(id: "mon_1", name: "Booking API", isOn: true), .init(id: "mon_2", name: "Rate calculator", isOn: false),
      ], totalMonitors: 1_291)
  }

  static let members = MembersPage(
    frame: frame(),
    members: [
      .init(
        id: "usr_1", name: "Ines Okafor", email: "ines@harbourline.example", role: "owner", joinedAt: now - 400 * day,
        isYou: true, isEditable: false),
      .init(
        id: "usr_2", name: "דנה לוי", email: "a.very.long.address.of.somebody@subsidiary.harbourline.example",
        role: "member", joinedAt: now - 40 * day, isYou: false, isEditable: true),
    ],
    invitations: [
      .init(
        id: "inv_1", email: "tomas@harbourline.example", role: "admin", invitedBy: "Ines Okafor",
        expiresAt: now + 6 * day)
    ],
    link: ("tomas@harbourline.example", "https://martlet.example/join?token=0f6e2c8a9b"), sendsMail: false,
    form: ("tomas@", "member"), errors: ["email": "That is no e-mail address."])

  static let keys = APIKeysPage(
    frame: frame(),
    keys: [
      .init(
        id: "key_1", name: "CI", prefix: "mk_7q2m…", scope: "write", createdBy: "Ines Okafor",
        createdAt: now - 90 * day, lastUsedAt: now - 8_000, expiresAt: nil, isExpired: false),
      .init(
        id: "key_2", name: "Grafana", prefix: "mk_a81c…", scope: "read", createdBy: "Ines Okafor",
        createdAt: now - 9 * day, lastUsedAt: nil, expiresAt: now - day, isExpired: true),
    ], made: ("CI", "mk_7q2m_0123456789abcdefghijklmnopqrstuvwxyz"))

  static let channelRows: [ChannelsPage.Row] = [
    .init(
      id: "chn_1", name: "On call", kind: .email, target: "oncall@harbourline.example",
      last: ("delivered", now - 44 * minute), isEnabled: true),
    .init(
      id: "chn_2", name: "Old pager", kind: .webhook, target: "pager.example",
      last: ("dead", now - 44 * minute), isEnabled: true),
    .init(id: "chn_3", name: "#ops", kind: .slack, target: "hooks.slack.com", last: nil, isEnabled: false),
  ]

  static func channel(_ isDelivered: Bool) -> ChannelPage {
    ChannelPage(
      frame: frame(), id: "chn_1", name: "Old pager",
      form: ChannelForm(kind: .webhook, name: "Old pager", keepsURL: true),
      test: .init(
        isDelivered: isDelivered,
        sentence: isDelivered ? "204 in 84 ms" : "Could not connect to pager.example: connection refused", at: now),
      secret: isDelivered ? nil : "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
  }

  static let notifications = NotificationsPage(
    frame: frame(), filter: nil,
    rows: [
      .init(
        id: "ntf_1", at: now - 44 * minute, channel: "Old pager", subject: "Booking API is down", outcome: "dead",
        attempts: 8, lastError: "410 Gone"),
      .init(
        id: "ntf_2", at: now - 44 * minute, channel: "Webhook, quayside.example", subject: "Booking API is down",
        outcome: "retrying", attempts: 4, lastError: "HTTP 500", nextAt: now + 4 * minute),
      .init(
        id: "ntf_3", at: now - 44 * minute, channel: "On call", subject: "Booking API is down", outcome: "delivered",
        attempts: 1),
    ], dead: 1, page: 1, rowsPerPage: 50, total: 3)

  static let audit = AuditLogPage(
    frame: frame(),
    rows: [
      .init(
        at: now, actor: "Ines Okafor", action: "monitor.update", target: "Booking API", changes: "interval_s: 60 → 30",
        address: "203.0.113.9"),
      .init(
        at: now - hour, actor: "key CI", action: "monitor.create", target: "Rate calculator", changes: "",
        address: "2001:db8::1"),
      .init(
        at: now - day, actor: "Martlet", action: "incident.resolve", target: "Label printing was slow",
        changes: "status: monitoring → resolved", address: nil),
    ], page: 1, rowsPerPage: 50, total: 812)
}
