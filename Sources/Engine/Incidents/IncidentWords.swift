import Domain

/// What automatic incidents say. Visitors read it: names of services rather than monitors, no address, no server's own words.
enum IncidentWords {
  static func title(_ subjects: [String]) -> String { clipped("\(list(subjects)) \(are(subjects)) down") }

  /// What, since when, why and from where.
  static func opened(_ subjects: [String], _ change: MonitorChange) -> String {
    var text = "\(list(subjects)) \(are(subjects)) down since \(clock(change.since)) UTC."
    if let failure = change.failure {
      text += " \(reason(failure.reason, httpStatus: change.httpStatus))"
      if let region = change.region { text += ", seen from \(region)" }
      text += "."
    }
    return text
  }

  static func recovered(_ subjects: [String], since: Instant, until: Instant) -> String {
    "\(list(subjects)) \(are(subjects)) up again since \(clock(until)) UTC, after \(span(ms: until - since))."
  }

  static func flapping(_ subjects: [String], changes: Int, since: Instant, until: Instant) -> String {
    let keep = subjects.count == 1 ? "keeps" : "keep"
    return """
      \(list(subjects)) \(keep) going down and coming back: \(changes) changes within \(span(ms: until - since)). \
      This stays one incident until it has been calm for a while.
      """
  }

  static func calm(changes: Int, since: Instant, for ms: Int64) -> String {
    "It is calm for \(span(ms: ms)) now, after \(changes) changes between down and up since \(clock(since)) UTC."
  }

  static func stillDown(_ subjects: [String], since: Instant) -> String {
    "\(list(subjects)) \(subjects.count == 1 ? "has" : "have") been down without a break since \(clock(since)) UTC."
  }

  static func staysDown(changes: Int, since: Instant) -> String {
    "It stays down after \(changes) changes between down and up since \(clock(since)) UTC."
  }

  static func noLongerChecked(_ subjects: [String], since: Instant, until: Instant) -> String {
    "The check that reported this was switched off at \(clock(until)) UTC, \(span(ms: until - since)) after the start."
  }

  static func reason(_ reason: FailureReason, httpStatus: Int32?) -> String {
    switch reason {
    case .dnsNotFound: "The name does not exist in DNS"
    case .dnsError: "DNS does not answer for the name"
    case .connectRefused: "Connections are refused"
    case .connectTimeout: "Connections are not answered in time"
    case .networkUnreachable: "The network cannot be reached"
    case .tlsHandshake: "The TLS handshake fails"
    case .tlsCertificateExpired: "The certificate has expired"
    case .tlsCertificateInvalid: "The certificate is not trusted"
    case .tlsHostnameMismatch: "The certificate is for another name"
    case .sendFailed: "Requests cannot be sent"
    case .timeout: "Answers do not come in time"
    case .connectionReset: "Connections are cut off"
    case .protocolError: "Answers are not valid HTTP"
    case .tooManyRedirects: "Requests are redirected without an end"
    case .bodyTooLarge: "Answers are larger than allowed"
    case .statusCode: httpStatus.map { "It answers HTTP \($0)" } ?? "It answers with an error"
    case .assertion: "Answers are not what is expected"
    case .assertionTimeout: "Answers could not be judged in time"
    case .policyBlocked: "The address may not be checked"
    }
  }

  /// `13:47` of the day, with the date when that is not enough to know which day: always, as mails travel.
  static func clock(_ at: Instant) -> String {
    let c = CivilTime(at)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return "\(c.day) \(months[c.month - 1]), \(two(c.hour)):\(two(c.minute))"
  }

  static func span(ms: Int64) -> String {
    let s = max(0, ms) / 1000
    switch s {
    case ..<60: return "\(s) s"
    case ..<3600: return s % 60 == 0 || s >= 600 ? "\(s / 60) min" : "\(s / 60) min \(s % 60) s"
    case ..<86_400: return s % 3600 < 60 ? "\(s / 3600) h" : "\(s / 3600) h \(s % 3600 / 60) min"
    default: return s % 86_400 < 3600 ? "\(s / 86_400) d" : "\(s / 86_400) d \(s % 86_400 / 3600) h"
    }
  }

  private static func are(_ subjects: [String]) -> String { subjects.count == 1 ? "is" : "are" }

  /// `A`, `A and B`, `A, B and 3 more`.
  static func list(_ subjects: [String]) -> String {
    switch subjects.count {
    case 0: "A service"
    case 1: subjects[0]
    case 2: "\(subjects[0]) and \(subjects[1])"
    case 3: "\(subjects[0]), \(subjects[1]) and \(subjects[2])"
    default: "\(subjects[0]), \(subjects[1]) and \(subjects.count - 2) more"
    }
  }

  private static func clipped(_ title: String) -> String {
    title.unicodeScalars.count <= Limits.incidentTitleCharactersMax
      ? title
      : String(String.UnicodeScalarView(title.unicodeScalars.prefix(Limits.incidentTitleCharactersMax - 1))) + "…"
  }
}
