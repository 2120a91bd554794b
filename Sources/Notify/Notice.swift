import Domain
import JSON

/// What one message says, whichever way it goes: stored as the notification's payload, so it is sent as it was caused.
public struct Notice: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case down = "monitor.down"
    case resolved = "monitor.resolved"
    case flapping = "monitor.flapping"
    /// A region of ours that lost its voice, and one that has it again.
    case regionOffline = "region.offline"
    case regionSuspect = "region.suspect"
    case regionOverloaded = "region.overloaded"
    case regionHealthy = "region.healthy"
    /// Due times of ours that stay without a result and without a reason, and that they do not any more.
    case slotsOverdue = "slots.overdue"
    case slotsAccounted = "slots.accounted"
    case test

    /// Whether it is about where checks run rather than what they look at.
    public var isAboutRegion: Bool {
      switch self {
      case .regionOffline, .regionSuspect, .regionOverloaded, .regionHealthy: true
      case .down, .resolved, .flapping, .slotsOverdue, .slotsAccounted, .test: false
      }
    }
  }

  public struct Fact: Hashable, Sendable {
    public var label: String
    public var value: String
    public init(_ label: String, _ value: String) {
      self.label = label
      self.value = value
    }
  }

  public var kind: Kind
  public var organization: String
  public var at: Instant
  /// Monitor name, region name, or the channel's for a test.
  public var name: String
  public var monitorID: String?
  public var address: String
  public var incidentID: String?
  public var since: Instant
  /// When it ended; for `resolved`, `regionHealthy` and `slotsAccounted` only.
  public var until: Instant?
  /// One sentence: why it failed.
  public var reason: String
  public var facts: [Fact]
  /// Who pressed the button; for `test` only.
  public var person: String?

  public init(
    kind: Kind, organization: String, at: Instant, name: String, monitorID: String? = nil, address: String = "",
    incidentID: String? = nil, since: Instant, until: Instant? = nil, reason: String = "", facts: [Fact] = [],
    person: String? = nil
  ) {
    self.kind = kind
    self.organization = organization
    self.at = at
    self.name = name
    self.monitorID = monitorID
    self.address = address
    self.incidentID = incidentID
    self.since = since
    self.until = until
    self.reason = reason
    self.facts = facts
    self.person = person
  }
}

extension Notice {
  /// The stored form, which is also the body of a webhook beside `url`.
  public var json: JSON {
    [
      "type": .string(kind.rawValue), "timestamp": .string(at.rfc3339),
      "data": [
        "organization": .string(organization), "name": .string(name), "monitor_id": JSON(monitorID),
        "address": .string(address), "incident_id": JSON(incidentID), "since": .string(since.rfc3339),
        "until": until.map { .string($0.rfc3339) } ?? .null, "reason": .string(reason),
        "facts": .array(facts.map { ["label": .string($0.label), "value": .string($0.value)] }),
        "person": JSON(person),
      ],
    ]
  }

  /// Nil when the stored text is not one of ours.
  public init?(json: JSON) {
    guard let kind = json["type"]?.string.flatMap(Kind.init), let data = json["data"],
      let at = json["timestamp"]?.string.flatMap(Instant.init(rfc3339:)),
      let since = data["since"]?.string.flatMap(Instant.init(rfc3339:)),
      let organization = data["organization"]?.string, let name = data["name"]?.string
    else { return nil }
    self.init(
      kind: kind, organization: organization, at: at, name: name, monitorID: data["monitor_id"]?.string,
      address: data["address"]?.string ?? "", incidentID: data["incident_id"]?.string, since: since,
      until: data["until"]?.string.flatMap(Instant.init(rfc3339:)), reason: data["reason"]?.string ?? "",
      facts: (data["facts"]?.array ?? []).compactMap { fact in
        guard let label = fact["label"]?.string, let value = fact["value"]?.string else { return nil }
        return Fact(label, value)
      }, person: data["person"]?.string)
  }
}

extension Notice {
  /// `2 min 5 s`, `3 h 4 min`, `2 d 1 h`.
  static func span(ms: Int64) -> String {
    let s = max(0, ms) / 1000
    switch s {
    case ..<60: return "\(s) s"
    case ..<3600: return s % 60 == 0 ? "\(s / 60) min" : "\(s / 60) min \(s % 60) s"
    case ..<86_400: return "\(s / 3600) h \(s % 3600 / 60) min"
    default: return "\(s / 86_400) d \(s % 86_400 / 3600) h"
    }
  }

  /// The message in one sentence, for chat and for logs.
  public var sentence: String {
    switch kind {
    case .down: "\(name) is down" + (reason.isEmpty ? "." : ": \(reason)")
    case .resolved:
      "\(name) is up again after \(Self.span(ms: (until ?? at) - since))." + (reason.isEmpty ? "" : " \(reason)")
    case .flapping: "\(name) is flapping" + (reason.isEmpty ? "." : ": \(reason)")
    case .regionOffline: "Region \(name) is offline: no worker of it is heard of."
    case .regionSuspect: "Region \(name) is suspect: its own network or resolver seems to fail."
    case .regionOverloaded: "Region \(name) is overloaded: its workers cannot keep up."
    case .regionHealthy: "Region \(name) is healthy again after \(Self.span(ms: (until ?? at) - since))."
    case .slotsOverdue: "Martlet does not account for all checks: due times stay without a result and without a reason."
    case .slotsAccounted: "Martlet accounts for every check again after \(Self.span(ms: (until ?? at) - since))."
    case .test: "This is a test from Martlet for the channel \(name)."
    }
  }
}
