import HTML

/// The kinds of channels.
enum ChannelKind: String, Sendable, CaseIterable {
  case webhook, email, slack

  var word: String {
    switch self {
    case .webhook: "Webhook"
    case .email: "E-mail"
    case .slack: "Slack"
    }
  }
}

/// What a delivery came to.
struct DeliveryMark: Component {
  /// `delivered`, `retrying`, `pending` or `dead`.
  var outcome: String

  var body: HTML {
    switch outcome {
    case "delivered": StateMark(.up, "Delivered").body
    case "retrying": StateMark(.unconfirmed, "Retrying").body
    case "dead": StateMark(.down, "Given up").body
    default: StateMark(.pending, "Waiting").body
    }
  }
}

/// `GET /settings/channels`; posts: `testChannel` (no fields).
struct ChannelsPage: SettingsPage {
  struct Row: Sendable {
    var id: String
    var name: String
    var kind: ChannelKind
    /// Host or address, never a secret.
    var target: String
    var last: (outcome: String, at: Int64)?
    var isEnabled: Bool
    /// Why Martlet itself switched it off.
    var offReason: String?
  }

  var frame: AppFrame
  var rows: [Row]

  var place: SettingsPlace { .channels }
  var sentence: HTML {
    if rows.isEmpty { return "Nobody is told yet." }
    let failing = rows.filter { $0.last?.outcome == "dead" }
    if failing.isEmpty { return "\(Format.count(rows.count, "channel"))." }
    return failing.count == 1
      ? "<bdi>\(failing[0].name)</bdi> does not take messages." : "\(failing.count) channels do not take messages."
  }
  var lead: HTML? {
    "Every channel that is on tells somebody when a monitor is confirmed down, and when it is up again."
  }
  var buttons: HTML? {
    guard frame.canWrite else { return nil }
    return ChannelKind.allCases.map {
      LinkButton(
        label: "\(Icon(Drawing.plus))\($0.word)", path: Query(Paths.newChannel).adding("kind", $0.rawValue).path
      ).body
    }.joined()
  }

  var content: HTML {
    guard !rows.isEmpty else {
      return """
        <section class="card">\(EmptyNote(sentence: "No channel.", more: "Add one, press Test, and see that the message arrives."))</section>
        """
    }
    return """
      <section class="card"><table class="table folds-up three"><caption class="vh">Channels</caption><thead><tr><th scope="col">Name</th>\
      <th scope="col">Kind</th><th scope="col">Last message</th>\
      <th scope="col"><span class="vh">Test</span></th></tr></thead><tbody>\(rows, row)</tbody></table></section>
      <p class="small"><a href="\(Paths.notifications)">Every message, and those given up</a></p>
      """
  }

  private func row(_ row: Row) -> HTML {
    """
    <tr><td class="name"><a href="\(Paths.channel(row.id))" dir="auto">\(row.name)</a>\(if: !row.isEnabled, " <span class=\"quiet\">off</span>")\
    <span class="sub">\(row.offReason ?? row.target)</span></td><td class="c-state">\(row.kind.word)</td>\
    <td class="c-wide">\(row.last.map { "\(DeliveryMark(outcome: $0.outcome)) <span class=\"quiet\">\(When($0.at))</span>" as HTML } ?? "<span class=\"quiet\">none yet</span>")</td>\
    <td class="c-wide"><div class="btns end">\(if: frame.canWrite, PostButton(label: "Test", action: Paths.testChannel(row.id), name: "Test \(row.name)").body)</div></td></tr>

    """
  }
}

/// What the form of a channel holds: `name, enabled` (box); a webhook and a Slack channel also `url`; an e-mail channel
/// `to` (commas). An empty `url` of an existing one keeps the old.
struct ChannelForm: Sendable {
  var kind: ChannelKind
  var name = ""
  var url = ""
  var to = ""
  var isEnabled = true
  /// An existing channel's address is a secret and is not printed again.
  var keepsURL = false
  var errors: FormErrors = [:]

  var fields: HTML {
    """
    \(Field(name: "name", label: "Name", value: name, error: errors["name"], isRequired: true, placeholder: placeholder, autocomplete: "off"))
    \(target)
    <fieldset><legend class="label">State</legend>\(Check(name: "enabled", label: "On", isOn: isEnabled))</fieldset>
    """
  }

  private var placeholder: String {
    switch kind {
    case .webhook: "Pager"
    case .email: "On call"
    case .slack: "#ops"
    }
  }

  private var target: Field {
    switch kind {
    case .email:
      Field(
        name: "to", label: "Addresses", value: to, hint: "Separated by commas.", error: errors["to"], isRequired: true,
        placeholder: "ops@harbourline.example")
    case .webhook, .slack:
      Field(
        name: "url", label: kind == .slack ? "Incoming webhook's URL" : "URL", value: url, kind: .url, hint: urlHint,
        error: errors["url"], isRequired: !keepsURL,
        placeholder: kind == .slack ? "https://hooks.slack.com/services/…" : "https://pager.example/hook",
        autocomplete: "off")
    }
  }

  private var urlHint: HTML {
    if keepsURL { return "Empty: as it is. It is a secret and is not shown." }
    return kind == .slack
      ? "Slack, Mattermost and others that speak the same."
      : "A POST of JSON, signed as the Standard Webhooks specification says."
  }
}

/// `GET /settings/channels/new?kind=webhook|email|slack`; posts to itself: `kind` and see `ChannelForm`.
struct NewChannelPage: SettingsPage {
  var frame: AppFrame
  var form: ChannelForm

  var place: SettingsPlace { .channels }
  var title: String { "New channel" }
  var sentence: HTML { "Who should hear of it?" }

  var content: HTML {
    """
    \(Segments(label: "Kind", tabs: ChannelKind.allCases.map {
      Tab(label: HTML(text: $0.word), path: Query(Paths.newChannel).adding("kind", $0.rawValue).path, isCurrent: $0 == form.kind)
    }))
    \(FormError(message: form.errors[""]))
    <form class="form" action="\(Paths.newChannel)" method="post"><input type="hidden" name="kind" value="\(form.kind.rawValue)">\(form.fields)
    <div class="btns"><button class="btn btn-primary btn-lg">Add channel</button>\
    <a class="btn btn-plain btn-lg" href="\(Paths.channels)">Leave</a></div></form>
    """
  }
}

/// `GET /settings/channels/{id}`; posts to itself: see `ChannelForm`; `testChannel`, `deleteChannel` (no fields).
struct ChannelPage: SettingsPage {
  /// What a test came to: said beside the button, with the other side's words.
  struct TestOutcome: Sendable {
    var isDelivered: Bool
    /// `204 in 84 ms` or `Could not connect: connection refused`
    var sentence: String
    var at: Int64
  }

  var frame: AppFrame
  var id: String
  /// As saved.
  var name: String
  var form: ChannelForm
  var test: TestOutcome?
  /// A webhook's signing secret, shown once after it was made.
  var secret: String?

  var place: SettingsPlace { .channels }
  var title: String { "\(name) · Channels" }
  var sentence: HTML { "<bdi>\(name)</bdi>, \(form.kind.word)." }
  var buttons: HTML? {
    frame.canWrite
      ? PostButton(label: "\(Icon(Drawing.bell))Send a test", action: Paths.testChannel(id), style: "btn-primary").body
      : nil
  }

  var content: HTML {
    """
    <div id="test-outcome" role="status">\(test.map(outcome))</div>
    \(secret.map {
      OnceShown(title: "Signing secret", label: "Secret", value: $0, note: "The receiver checks each message with it. It is not shown again.")
    })
    \(FormError(message: form.errors[""]))
    \(if: frame.canWrite, editing)
    """
  }

  private func outcome(_ test: TestOutcome) -> HTML {
    """
    <div class="banner st-\(test.isDelivered ? "up" : "down")">\(StateMark(test.isDelivered ? .up : .down, test.isDelivered ? "The test arrived" : "The test did not arrive"))\
    <p>\(test.sentence), at \(When(test.at, .clockSeconds)).</p></div>
    """
  }

  private var editing: HTML {
    """
    <form class="form" action="\(Paths.channel(id))" method="post">\(form.fields)
    <div class="btns"><button class="btn btn-primary btn-lg">Save</button></div></form>
    \(Confirm(
      button: "Delete this channel", question: "<bdi>\(name)</bdi> is told nothing more. Messages under way are given up.",
      yes: "Delete \(name)", action: Paths.deleteChannel(id)))
    """
  }
}

/// `GET /settings/notifications?outcome=dead|pending|delivered&page=`; posts: `resendNotification` (no fields).
struct NotificationsPage: SettingsPage {
  struct Row: Sendable {
    var id: String
    var at: Int64
    var channel: String
    /// `Booking API is down`
    var subject: String
    /// `delivered`, `retrying`, `pending` or `dead`.
    var outcome: String
    var attempts: Int
    /// The other side's last words.
    var lastError: String?
    var nextAt: Int64?
  }

  var frame: AppFrame
  var filter: String?
  var rows: [Row]
  var dead: Int
  var page: Int
  var rowsPerPage: Int
  var total: Int

  var place: SettingsPlace { .notifications }
  var sentence: HTML {
    switch dead {
    case 0: "Every message arrived or is under way."
    case 1: "One message was given up."
    default: "\(Format.count(dead)) messages were given up."
    }
  }

  var content: HTML {
    """
    \(Segments(label: "Outcome", tabs: [("All", nil), ("Given up", "dead"), ("Under way", "pending"), ("Delivered", "delivered")].map {
      (label: String, value: String?) in
      Tab(label: HTML(text: label), path: Query(Paths.notifications).adding("outcome", value ?? "").path, isCurrent: filter == value)
    }))
    <section class="card">\(table)\(Pager(
      page: page, rows: rowsPerPage, total: total, path: Query(Paths.notifications).adding("outcome", filter ?? "").path))</section>
    """
  }

  private var table: HTML {
    guard !rows.isEmpty else {
      return EmptyNote(sentence: "No message.", more: "One is written for each transition that a channel tells of.")
        .body
    }
    return """
      <table class="table folds-up three"><caption class="vh">Messages, newest first</caption><thead><tr><th scope="col">Outcome</th>\
      <th scope="col">Message</th><th scope="col">Channel</th><th scope="col">Time</th><th scope="col" class="num">Tries</th>\
      <th scope="col"><span class="vh">Again</span></th></tr></thead><tbody>\(rows, row)</tbody></table>
      """
  }

  private func row(_ row: Row) -> HTML {
    let again = row.nextAt.map { "; next try \(Format.clock($0)) UTC" } ?? ""
    return """
      <tr><td class="c-state">\(DeliveryMark(outcome: row.outcome))</td><td class="name"><b dir="auto">\(row.subject)</b>\
      \(row.lastError.map { "<span class=\"sub wraps\">\($0)\(again)</span>" as HTML })</td>\
      <td class="c-b"><bdi>\(row.channel)</bdi></td><td class="c-b">\(When(row.at))</td><td class="num c-b last" data-l="tries">\(row.attempts)</td>\
      <td class="c-wide"><div class="btns end">\(if: row.outcome == "dead" && frame.canWrite, PostButton(
        label: "Send again", action: Paths.resendNotification(row.id), name: "Send again: \(row.subject), \(row.channel)").body)</div></td></tr>

      """
  }
}
