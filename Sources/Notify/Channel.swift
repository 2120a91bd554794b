import Curl
import Domain
import JSON

/// What became of one try to deliver.
public enum Delivery: Hashable, Sendable {
  case sent
  /// It may pass later; `afterS` is the receiver's own wish.
  case later(reason: String, afterS: Int?)
  /// It never will.
  case never(reason: String)
  /// The receiver asked not to be told again (410): the channel is switched off.
  case gone(reason: String)
}

/// One thing wrong with a channel's settings.
public struct ChannelProblem: Error, Hashable, Sendable {
  /// Member of the settings object.
  public let field: String
  public let detail: String

  public init(_ field: String, _ detail: String) {
    self.field = field
    self.detail = detail
  }
}

/// What a channel needs from the process.
public struct Carrier: Sendable {
  public var client: OutboundClient
  /// Which addresses may be contacted for this organization.
  public var vet: OutboundClient.Vetting
  public var mailServer: MailServer?
  public var mailFrom: String
  /// The application's own address, without a slash at its end.
  public var baseURL: String

  public init(
    client: OutboundClient, vet: @escaping OutboundClient.Vetting, mailServer: MailServer?, mailFrom: String,
    baseURL: String
  ) {
    self.client = client
    self.vet = vet
    self.mailServer = mailServer
    self.mailFrom = mailFrom
    self.baseURL = baseURL
  }

  /// Where a person reads more about a notice.
  func link(_ notice: Notice) -> String {
    if notice.kind == .slotsOverdue || notice.kind == .slotsAccounted { return "\(baseURL)/" }
    if notice.kind.isAboutRegion { return "\(baseURL)/regions" }
    if let incident = notice.incidentID { return "\(baseURL)/incidents/\(incident)" }
    if let monitor = notice.monitorID { return "\(baseURL)/monitors/\(monitor)" }
    return "\(baseURL)/settings/channels"
  }
}

/// A way to tell people. A new one is a folder, a case of `ChannelKind` and a page of docs.
public protocol Channel: Sendable {
  /// Reads the settings of CONTRACTS' shape; throws what a person should mend.
  init(settings: JSON) throws(ChannelProblem)
  /// The settings as stored, defaults and generated secrets included.
  var settings: JSON { get }
  /// What may be shown of it: a host, the addresses; never a secret.
  var summary: String { get }
  /// `id` is the same on every try of one notification.
  func deliver(_ notice: Notice, id: String, at: Instant, by carrier: Carrier) async -> Delivery
}

public enum ChannelKind: String, Sendable, CaseIterable {
  case webhook, email, slack

  public func channel(settings: JSON) throws(ChannelProblem) -> any Channel {
    switch self {
    case .webhook: try WebhookChannel(settings: settings)
    case .email: try EmailChannel(settings: settings)
    case .slack: try SlackChannel(settings: settings)
    }
  }

  /// Members that are answered masked: they are written, never read.
  public var secretFields: [String] {
    switch self {
    case .webhook: ["secret"]
    case .email: []
    case .slack: ["url"]
    }
  }
}

extension Delivery {
  /// Reads an HTTP answer by the habits of webhook receivers; `at` is when it came.
  init(_ response: OutboundResponse, at: Instant) {
    let reason = "The receiver answered HTTP \(response.status)."
    switch response.status {
    case 200...299: self = .sent
    case 410: self = .gone(reason: reason + " The channel is switched off.")
    case 408, 425, 429, 500...599:
      self = .later(reason: reason, afterS: response.header("retry-after").flatMap { Self.seconds(retryAfter: $0, at) })
    case 300...399: self = .never(reason: reason + " Redirects are not followed: give the final address.")
    default: self = .later(reason: reason, afterS: nil)
    }
  }

  /// Seconds, or the moment that an HTTP date names (RFC 9110, 10.2.3); a day at most.
  private static func seconds(retryAfter text: String, _ now: Instant) -> Int? {
    let asked = Int64(text) ?? Instant(httpDate: text, now: now).map { ($0 - now + 999) / 1000 }
    return asked.map { Int(min(max($0, 0), 86_400)) }
  }

  /// A request that got no answer may pass later, unless the address is one that must not be contacted.
  init(_ failure: TransferFailure) {
    self =
      failure.kind == .addressForbidden
      ? .never(reason: failure.description) : .later(reason: failure.description, afterS: nil)
  }
}

/// An http or https address from settings.
func webURL(_ settings: JSON, _ field: String) throws(ChannelProblem) -> WebURL {
  guard let text = settings[field]?.string, !text.isEmpty else {
    throw ChannelProblem(field, "is required: the address to post to")
  }
  do throws(WebURL.ParseError) { return try WebURL(text) } catch { throw ChannelProblem(field, "\(error)") }
}
