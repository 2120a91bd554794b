/// The mails that Martlet sends.
extension Letter {
  /// A monitor was confirmed down.
  ///
  /// - Parameters:
  ///   - reason: `Time-out after 10 s in TLS`
  ///   - evidence: label and value in order: votes, phase, answer, address
  ///   - url: the incident in the application
  public static func down(
    monitor: String, address: String, organization: String, since: Int64, detectedAfterMs: Int64, reason: String,
    evidence: [(label: String, value: String)], url: String
  ) -> Letter {
    let facts: [(String, String)] =
      [
        ("Monitor", monitor), ("Address", address), ("Down since", instant(since)),
        ("Confirmed after", Format.span(ms: detectedAfterMs)), ("Reason", reason),
      ] + evidence.map { ($0.label, $0.value) }
    return Letter(
      subject: "Down: \(monitor)", heading: "\(monitor) is down.", mark: .down,
      parts: [
        .paragraph("It has failed since \(Format.clock(since)) UTC, and the failure was verified."), .facts(facts),
        .button(label: "Open the incident", url: url),
      ],
      foot: foot(organization))
  }

  /// A monitor goes down and comes back so often that there is one message for all of it.
  public static func flapping(
    monitor: String, address: String, organization: String, since: Int64, reason: String,
    evidence: [(label: String, value: String)], url: String
  ) -> Letter {
    Letter(
      subject: "Flapping: \(monitor)", heading: "\(monitor) is flapping.", mark: .degraded,
      parts: [
        .paragraph("It goes down and comes back. There is no further message until it has been calm for a while."),
        .facts(
          [("Monitor", monitor), ("Address", address), ("Down since", instant(since)), ("Reason", reason)]
            + evidence.map { ($0.label, $0.value) }),
        .button(label: "Open the incident", url: url),
      ],
      foot: foot(organization))
  }

  /// A monitor that was down is up again.
  public static func resolved(
    monitor: String, address: String, organization: String, since: Int64, until: Int64, reason: String, url: String
  ) -> Letter {
    Letter(
      subject: "Up again: \(monitor)", heading: "\(monitor) is up again.", mark: .up,
      parts: [
        .paragraph("It was down for \(Format.span(ms: until - since))."),
        .facts(
          [
            ("Monitor", monitor), ("Address", address), ("Down from", instant(since)), ("Up since", instant(until)),
          ] + (reason.isEmpty ? [] : [("Reason", reason)])),
        .button(label: "Open the incident", url: url),
      ],
      foot: foot(organization))
  }

  /// A region lost its voice about targets, or has it again: trouble of ours, never of what is watched.
  ///
  /// - Parameters:
  ///   - sentence: `Region sgp is offline: no worker of it is heard of.`
  ///   - more: what follows for monitors
  public static func region(
    name: String, organization: String, sentence: String, more: String, isWell: Bool, since: Int64, until: Int64?,
    facts: [(label: String, value: String)], url: String
  ) -> Letter {
    var rows = [("Region", name), (until == nil ? "Since" : "From", instant(since))]
    if let until { rows.append(("Until", instant(until))) }
    return Letter(
      subject: isWell ? "Healthy again: region \(name)" : "Region \(name) is not well", heading: sentence,
      mark: isWell ? .up : .plain,
      parts: (more.isEmpty ? [] : [.paragraph(more)]) + [
        .facts(rows + facts.map { ($0.label, $0.value) }), .button(label: "Open regions", url: url),
      ],
      foot: foot(organization))
  }

  /// Due times stay without an outcome, or do not any more: trouble of ours, never of what is watched.
  public static func slots(
    organization: String, sentence: String, more: String, isWell: Bool, since: Int64, until: Int64?, url: String
  ) -> Letter {
    var rows = [(until == nil ? "Since" : "From", instant(since))]
    if let until { rows.append(("Until", instant(until))) }
    return Letter(
      subject: isWell ? "Every check is accounted for again" : "Some checks are not accounted for", heading: sentence,
      mark: isWell ? .up : .plain,
      parts: (more.isEmpty ? [] : [.paragraph(more)]) + [.facts(rows), .button(label: "Open Martlet", url: url)],
      foot: foot(organization))
  }

  /// Somebody pressed the test button.
  public static func test(channel: String, organization: String, person: String, at: Int64, url: String) -> Letter {
    Letter(
      subject: "Test from Martlet: \(channel)", heading: "This is a test.", mark: .plain,
      parts: [
        .paragraph("\(person) tested the channel \(channel) at \(instant(at)). Real messages come the same way."),
        .button(label: "Open the channel", url: url),
      ],
      foot: foot(organization))
  }

  /// Somebody is invited to an organization.
  public static func invitation(organization: String, invitedBy: String, role: String, expiresAt: Int64, url: String)
    -> Letter
  {
    Letter(
      subject: "\(invitedBy) invites you to \(organization)", heading: "Join \(organization).", mark: .plain,
      parts: [
        .paragraph("\(invitedBy) invites you to \(organization) on Martlet as \(role)."),
        .button(label: "Accept the invitation", url: url),
        .quiet("The link works once, until \(instant(expiresAt)). If you do not know \(invitedBy), ignore this mail."),
      ],
      foot: foot(organization))
  }

  /// Somebody asked for a new password.
  public static func passwordReset(email: String, expiresAt: Int64, url: String) -> Letter {
    Letter(
      subject: "A new password for Martlet", heading: "Choose a new password.", mark: .plain,
      parts: [
        .paragraph("Somebody, probably you, asked for a new password for \(email)."),
        .button(label: "Choose a password", url: url),
        .quiet("The link works once, until \(instant(expiresAt)). If it was not you, do nothing: the password stays."),
      ],
      foot: "Sent by Martlet because this address has an account.")
  }

  private static func instant(_ ms: Int64) -> String { "\(Format.date(ms)), \(Format.clockSeconds(ms)) UTC" }

  private static func foot(_ organization: String) -> String { "Sent by Martlet for \(organization)." }
}
