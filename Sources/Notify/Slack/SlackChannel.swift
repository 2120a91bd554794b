import Curl
import Domain
import JSON

/// An incoming webhook of Slack, or of what speaks its format: Mattermost, Rocket.Chat, Discord's `/slack` address.
public struct SlackChannel: Channel {
  private let url: WebURL
  private let text: String

  public init(settings: JSON) throws(ChannelProblem) {
    url = try webURL(settings, "url")
    text = settings["url"]?.string ?? ""
  }

  public var settings: JSON { ["url": .string(text)] }
  public var summary: String { url.hostInURL }

  public func deliver(_ notice: Notice, id: String, at: Instant, by carrier: Carrier) async -> Delivery {
    let request = OutboundRequest(
      url: url, headers: [("content-type", "application/json"), ("user-agent", "Martlet")],
      body: Self.body(notice, link: carrier.link(notice)).bytes, timeoutMs: 15_000)
    do throws(TransferFailure) {
      return Delivery(try await carrier.client.send(request, vet: carrier.vet), at: at)
    } catch {
      return Delivery(error)
    }
  }

  /// `text` is what a notification shows; the blocks are the message itself.
  static func body(_ notice: Notice, link: String) -> JSON {
    let mark =
      switch notice.kind {
      case .down: ":red_circle:"
      case .resolved, .regionHealthy, .slotsAccounted: ":large_green_circle:"
      case .flapping, .regionOffline, .regionSuspect, .regionOverloaded, .slotsOverdue: ":large_yellow_circle:"
      case .test: ":white_circle:"
      }
    var blocks: [JSON] = [
      [
        "type": "section",
        "text": ["type": "mrkdwn", "text": .string("\(mark) *\(escape(notice.sentence))*")],
      ]
    ]
    var facts = notice.facts
    if !notice.address.isEmpty { facts.insert(Notice.Fact("Address", notice.address), at: 0) }
    if !facts.isEmpty {
      blocks.append([
        "type": "section",
        "fields": .array(
          facts.prefix(10).map {
            ["type": "mrkdwn", "text": .string("*\(escape($0.label))*\n\(escape($0.value))")]
          }),
      ])
    }
    blocks.append([
      "type": "context",
      "elements": [["type": "mrkdwn", "text": .string("<\(link)|Open in Martlet> · \(escape(notice.organization))")]],
    ])
    return ["text": .string(escape(notice.sentence)), "blocks": .array(blocks)]
  }

  /// The three characters that Slack reads as markup.
  static func escape(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      default: out.append(character)
      }
    }
    return out
  }
}
