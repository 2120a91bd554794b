import Domain
import JSON
import Notify
import Store

extension Outbox {
  /// What came of a test message.
  public struct TestOutcome: Hashable, Sendable {
    public let isDelivered: Bool
    /// Why not; empty when it was.
    public let reason: String

    public init(isDelivered: Bool, reason: String) {
      self.isDelivered = isDelivered
      self.reason = reason
    }
  }

  /// Sends one message now, past the queue, so that the person who pressed the button sees what comes of it.
  /// Nil when there is no such channel.
  public nonisolated func test(_ id: PublicID<ChannelTag>, scope: TenantScope, person: String) async throws
    -> TestOutcome?
  {
    let found = try await store.read { db in
      (
        channel: try ChannelQueries.find(id, scope: scope, in: db),
        organization: try OrganizationQueries.find(scope: scope, in: db),
        privateTargets: try OrganizationQueries.allowsPrivateTargets(scope: scope, in: db)
      )
    }
    guard let row = found.channel, let organization = found.organization, let kind = ChannelKind(rawValue: row.kind)
    else { return nil }
    let now = store.world.now()
    let notice = Notice(
      kind: .test, organization: organization.name, at: now, name: row.name, since: now, person: person)
    let channel = try kind.channel(settings: row.settings(store.sealer))
    let message = store.world.newID(PublicID<NotificationTag>.self).text
    switch await channel.deliver(notice, id: message, at: now, by: carrier(found.privateTargets)) {
    case .sent: return TestOutcome(isDelivered: true, reason: "")
    case .later(let reason, _), .never(let reason), .gone(let reason):
      return TestOutcome(isDelivered: false, reason: reason)
    }
  }
}

/// A stored message for those who do not see how messages are sent.
public enum StoredNotice {
  /// `Booking API is down: connection refused`; empty for a payload of another version.
  public static func sentence(_ payload: String) throws -> String {
    Notice(json: try JSON(parsing: payload))?.sentence ?? ""
  }
}

/// The rules of channels' settings, for those who do not see how messages are sent.
public enum ChannelRules {
  public static let kinds = ChannelKind.allCases.map(\.rawValue)

  /// A draft ready to store; `before` are the stored settings that `settings` changes. Throws what a person should mend.
  public static func draft(
    kind: String, name: String, settings: JSON, over before: JSON?, enabled: Bool
  ) throws(FieldProblem) -> ChannelDraft {
    guard let type = ChannelKind(rawValue: kind) else { throw FieldProblem("/type", "is not a kind of channel") }
    var members = before?.members ?? []
    for given in settings.members ?? [] {
      if type.secretFields.contains(given.name), given.value.string == mask { continue }
      members.removeAll { $0.name == given.name }
      members.append(given)
    }
    do throws(ChannelProblem) {
      let channel = try type.channel(settings: .object(members))
      if let unknown = (settings.members ?? []).first(where: { channel.settings[$0.name] == nil }) {
        throw ChannelProblem(unknown.name, "is not a known field")
      }
      return ChannelDraft(
        kind: kind, name: name, settings: channel.settings, summary: channel.summary, enabled: enabled)
    } catch {
      throw FieldProblem("/settings/\(error.field)", error.detail)
    }
  }

  /// What stands where a secret is: sent back, it leaves the secret as it is.
  public static let mask = "***"

  public static func masked(_ settings: JSON, kind: String) -> JSON {
    let secret = ChannelKind(rawValue: kind)?.secretFields ?? []
    return .object(
      (settings.members ?? []).map { secret.contains($0.name) ? .init($0.name, .string(mask)) : $0 })
  }
}
