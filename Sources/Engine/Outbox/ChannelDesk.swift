import Domain
import JSON
import Notify
import Store

/// What a person should mend in a channel's settings.
public struct ChannelRefusal: Error, Hashable, Sendable {
  /// Member of the settings object.
  public let field: String
  public let detail: String
}

/// What became of a test message, in words for the person who pressed the button.
public struct ChannelTest: Hashable, Sendable {
  public let isDelivered: Bool
  /// What happened and what to do next.
  public let detail: String

  public init(isDelivered: Bool, detail: String) {
    self.isDelivered = isDelivered
    self.detail = detail
  }
}

/// Channels as people arrange them: settings are checked by the channel itself, secrets are written and never read.
public enum ChannelDesk {
  public static let kinds = ChannelKind.allCases.map(\.rawValue)

  /// Settings of an update keep the secrets that they leave out. Throws `ChannelRefusal`.
  public static func draft(
    kind: String, name: String, settings: JSON, keeping old: JSON? = nil, enabled: Bool
  ) throws(ChannelRefusal) -> ChannelDraft {
    guard let known = ChannelKind(rawValue: kind) else {
      throw ChannelRefusal(field: "", detail: "is no kind of channel")
    }
    var members = settings.members ?? []
    for field in known.secretFields where !members.contains(where: { $0.name == field }) {
      if let kept = old?[field] { members.append(.init(field, kept)) }
    }
    let channel: any Channel
    do throws(ChannelProblem) {
      channel = try known.channel(settings: .object(members))
    } catch {
      throw ChannelRefusal(field: error.field, detail: error.detail)
    }
    let stored = channel.settings
    if let unknown = members.first(where: { stored[$0.name] == nil }) {
      throw ChannelRefusal(field: unknown.name, detail: "is not a known field")
    }
    return ChannelDraft(kind: kind, name: name, settings: stored, summary: channel.summary, enabled: enabled)
  }

  /// What a new webhook's receiver needs to verify it, shown when it is made.
  public static func secret(_ settings: JSON, kind: String) -> String? {
    kind == ChannelKind.webhook.rawValue ? settings["secret"]?.string : nil
  }

  /// Sends a real message now. It stands in no outbox: whoever asked is told at once, and may ask again.
  public static func test(
    _ row: ChannelRow, person: String, organization: String, id: String, at: Instant, sealer: Sealer,
    by carrier: Carrier
  ) async -> ChannelTest {
    do {
      guard let kind = ChannelKind(rawValue: row.kind) else {
        return ChannelTest(isDelivered: false, detail: "This version does not know channels of the kind \(row.kind).")
      }
      let channel = try kind.channel(settings: row.settings(sealer))
      let notice = Notice(
        kind: .test, organization: organization, at: at, name: row.name, since: at, person: person)
      return words(await channel.deliver(notice, id: id, at: at, by: carrier))
    } catch {
      return ChannelTest(
        isDelivered: false, detail: "The settings cannot be read with this installation's key; enter them again.")
    }
  }

  private static func words(_ delivery: Delivery) -> ChannelTest {
    switch delivery {
    case .sent: ChannelTest(isDelivered: true, detail: "The test message was taken. Look whether it arrived.")
    case .later(let reason, _):
      ChannelTest(isDelivered: false, detail: "\(reason) Check the receiver, then test again.")
    case .never(let reason), .gone(let reason):
      ChannelTest(isDelivered: false, detail: "\(reason) Check the channel's settings, then test again.")
    }
  }
}
