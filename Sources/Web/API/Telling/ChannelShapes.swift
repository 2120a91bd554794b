import Domain
import Engine
import JSON

/// Shapes of channels and notifications.
enum ChannelShapes {
  static let components: [(String, Schema)] = [
    (
      "Channel",
      .object([
        .always("id", .id(ChannelTag.self)), .always("type", .choice(ChannelRules.kinds)), .always("name", .string),
        .always("settings", .map(.anything).described("Secrets are *** but in the answer that made them.")),
        .always("summary", .string), .always("enabled", .boolean), .always("disabled_reason", .nullable(.string)),
        .always("created_at", .instant), .always("updated_at", .instant),
      ])
    ),
    (
      "Notification",
      .object([
        .always("id", .id(NotificationTag.self)), .always("channel_id", .nullable(.id(ChannelTag.self))),
        .always("channel_name", .nullable(.string)), .always("kind", .string),
        .always("incident_id", .nullable(.id(IncidentTag.self))), .always("payload", .map(.anything)),
        .always("state", .choice(NotificationAPI.State.self)), .always("attempts", .integer),
        .always("next_at", .instant), .always("last_error", .nullable(.string)), .always("created_at", .instant),
        .always("done_at", .nullable(.instant)),
      ])
    ),
  ]

  private static let settings = Schema.object([
    .maybe("url", .string.described("webhook, slack: where to post.")),
    .maybe("secret", .string.described("webhook: whsec_…; made when it is left out.")),
    .maybe("to", .array(.email).described("email: the addresses.")),
  ])

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .createChannel:
      OperationShape(
        "Make a channel", tag: "channels",
        body: .object([
          .always("type", .choice(ChannelRules.kinds)), .always("name", .text()), .maybe("settings", settings),
          .maybe("enabled", .boolean),
        ]),
        example: ["type": "webhook", "name": "Pager", "settings": ["url": "https://pager.example/hook"]],
        status: 201, answer: .ref("Channel"))
    case .showChannel: OperationShape("A channel", tag: "channels", answer: .ref("Channel"))
    case .updateChannel:
      OperationShape(
        "Change a channel; settings that are left out stay", tag: "channels",
        body: .object([.maybe("name", .text()), .maybe("settings", settings), .maybe("enabled", .boolean)]),
        bodyIsRequired: false, answer: .ref("Channel"))
    case .deleteChannel: OperationShape("Delete a channel", tag: "channels", status: 204)
    case .testChannel:
      OperationShape(
        "Send a test message now", tag: "channels",
        answer: .object([.always("delivered", .boolean), .always("detail", .string)]))
    case .listNotifications:
      OperationShape(
        "Messages, newest first", tag: "notifications",
        query: OperationShape.Parameter.paging + [
          .init("state", .choice(NotificationAPI.State.self), "One state; dead are the dead letters.")
        ], answer: .page(of: .ref("Notification")))
    case .resendNotification:
      OperationShape(
        "Send a dead letter again", tag: "notifications", status: 202, answer: .ref("Notification"), errors: [409])
    default:
      OperationShape("Channels", tag: "channels", answer: .object([.always("results", .array(.ref("Channel")))]))
    }
  }
}
