import Curl
import Domain
import JSON
import Sodium

/// A JSON POST, signed after the Standard Webhooks specification (https://www.standardwebhooks.com).
public struct WebhookChannel: Channel {
  private let url: WebURL
  private let text: String
  private let secret: [UInt8]

  public init(settings: JSON) throws(ChannelProblem) {
    url = try webURL(settings, "url")
    text = settings["url"]?.string ?? ""
    guard let given = settings["secret"]?.string, !given.isEmpty else {
      secret = Sodium.random(32)
      return
    }
    guard given.hasPrefix("whsec_"), let bytes = Sodium.bytes(base64: String(given.dropFirst(6))),
      (24...64).contains(bytes.count)
    else {
      throw ChannelProblem("secret", "must be whsec_ and 24 to 64 bytes in base64; leave it out to have one made")
    }
    secret = bytes
  }

  public var settings: JSON {
    ["url": .string(text), "secret": .string("whsec_" + Sodium.base64(secret))]
  }

  public var summary: String { url.hostInURL }

  public func deliver(_ notice: Notice, id: String, at: Instant, by carrier: Carrier) async -> Delivery {
    let body = Self.body(notice, url: carrier.link(notice))
    let timestamp = String(at.ms / 1000)
    let request = OutboundRequest(
      url: url,
      headers: [
        ("content-type", "application/json"), ("user-agent", "Martlet"), ("webhook-id", id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", Self.signature(id: id, timestamp: timestamp, body: body, secret: secret)),
      ], body: body, timeoutMs: 15_000)
    do throws(TransferFailure) {
      return Delivery(try await carrier.client.send(request, vet: carrier.vet), at: at)
    } catch {
      return Delivery(error)
    }
  }

  static func body(_ notice: Notice, url: String) -> [UInt8] {
    guard case .object(var members) = notice.json else { return [] }
    members.append(.init("url", .string(url)))
    return JSON.object(members).bytes
  }

  /// `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.
  static func signature(id: String, timestamp: String, body: [UInt8], secret: [UInt8]) -> String {
    "v1," + Sodium.base64(Sodium.hmacSHA256(Array("\(id).\(timestamp).".utf8) + body, key: secret))
  }
}
