import Curl
import Domain
import HTML
import JSON

/// A mail to up to twenty addresses, by the process's mail server.
public struct EmailChannel: Channel {
  public static let recipientsMax = 20
  private let to: [String]

  public init(settings: JSON) throws(ChannelProblem) {
    let given: [JSON]
    switch settings["to"] {
    case .array(let items): given = items
    case .string(let text):
      given = text.split(whereSeparator: { $0 == "," || $0 == ";" || $0.isWhitespace }).map { .string(String($0)) }
    default: throw ChannelProblem("to", "is required: one or more addresses")
    }
    guard (1...Self.recipientsMax).contains(given.count) else {
      throw ChannelProblem("to", "takes one to \(Self.recipientsMax) addresses")
    }
    var to: [String] = []
    for item in given {
      guard let address = item.string, MailAddress.isPlausible(address) else {
        throw ChannelProblem("to", "\(item.string ?? "a value") is not a mail address")
      }
      to.append(address)
    }
    self.to = to
  }

  public var settings: JSON { ["to": .array(to.map(JSON.string))] }
  public var summary: String { to.joined(separator: ", ") }

  public func deliver(_ notice: Notice, id: String, at: Instant, by carrier: Carrier) async -> Delivery {
    guard let server = carrier.mailServer else {
      return .never(reason: "No mail server is set. Start martlet with --smtp-url and --mail-from.")
    }
    let letter = Letter(notice, url: carrier.link(notice))
    do throws(MailError) {
      try await carrier.client.sendMail(
        Mail.compose(letter, from: carrier.mailFrom, to: to, id: id, at: at, server: server), vet: { _ in true })
      return .sent
    } catch {
      // The operator chose the server, so its address is not vetted: only its own word is final.
      let isFinal = error.replyCode.map { (500...599).contains($0) } ?? false
      return isFinal ? .never(reason: "\(error)") : .later(reason: "\(error)", afterS: nil)
    }
  }
}

extension Letter {
  init(_ notice: Notice, url: String) {
    let facts = notice.facts.map { (label: $0.label, value: $0.value) }
    switch notice.kind {
    case .down:
      self = .down(
        monitor: notice.name, address: notice.address, organization: notice.organization, since: notice.since.ms,
        detectedAfterMs: notice.at - notice.since, reason: notice.reason, evidence: facts, url: url)
    case .resolved:
      self = .resolved(
        monitor: notice.name, address: notice.address, organization: notice.organization, since: notice.since.ms,
        until: (notice.until ?? notice.at).ms, reason: notice.reason, url: url)
    case .regionOffline, .regionSuspect, .regionOverloaded, .regionHealthy:
      self = .region(
        name: notice.name, organization: notice.organization, sentence: notice.sentence, more: notice.reason,
        isWell: notice.kind == .regionHealthy, since: notice.since.ms, until: notice.until?.ms, facts: facts, url: url)
    case .slotsOverdue, .slotsAccounted:
      self = .slots(
        organization: notice.organization, sentence: notice.sentence, more: notice.reason,
        isWell: notice.kind == .slotsAccounted, since: notice.since.ms, until: notice.until?.ms, url: url)
    case .flapping:
      self = .flapping(
        monitor: notice.name, address: notice.address, organization: notice.organization, since: notice.since.ms,
        reason: notice.reason, evidence: facts, url: url)
    case .test:
      self = .test(
        channel: notice.name, organization: notice.organization, person: notice.person ?? "Somebody",
        at: notice.at.ms, url: url)
    }
  }
}
