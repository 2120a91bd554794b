import Engine
import HTML

/// `GET /settings/api-keys`; posts to itself: `name, scope` (`read` or `write`), `expires_at` (a day, may be empty);
/// `revokeAPIKey` (no fields).
struct APIKeysPage: SettingsPage {
  struct Key: Sendable {
    var id: String
    var name: String
    /// `mk_7Q2M…`
    var prefix: String
    var scope: String
    var createdBy: String
    var createdAt: Int64
    var lastUsedAt: Int64?
    var expiresAt: Int64?
    var isExpired: Bool
  }

  var frame: AppFrame
  var keys: [Key]
  /// The key just made: shown once, stored hashed.
  var made: (name: String, key: String)?
  var form: (name: String, scope: String, expiresAt: String) = ("", "read", "")
  var errors: FormErrors = [:]

  var place: SettingsPlace { .apiKeys }
  var sentence: HTML { keys.isEmpty ? "No API key yet." : "\(Format.count(keys.count, "API key"))." }
  var lead: HTML? {
    "A key reads, or reads and writes, in this organization; never its members, keys or audit log. <code>Authorization: Bearer mk_…</code>"
  }

  var content: HTML {
    """
    \(made.map { OnceShown(title: "Key “\($0.name)”", label: "Key", value: $0.key, note: "Copy it now: only a hash of it is stored, so it cannot be shown again.") })
    \(FormError(message: errors[""]))
    \(if: !keys.isEmpty, table)
    \(if: frame.canWrite, makeForm)
    """
  }

  private var table: HTML {
    """
    <section class="card"><table class="table folds-up three"><caption class="vh">API keys</caption><thead><tr><th scope="col">Name</th>\
    <th scope="col">Scope</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Ends</th>\
    <th scope="col"><span class="vh">Change</span></th></tr></thead><tbody>\(keys, row)</tbody></table></section>
    """
  }

  private func row(_ key: Key) -> HTML {
    """
    <tr><td class="name"><b dir="auto">\(key.name)</b><span class="sub mono">\(key.prefix)</span></td><td class="c-state">\(key.scope)</td>\
    <td class="c-hide">\(When(key.createdAt, .date)) <span class="quiet" dir="auto">\(key.createdBy)</span></td>\
    <td class="c-b" data-l="used">\(key.lastUsedAt.map { When($0, .dayClock).body } ?? "never")</td>\
    <td class="c-b last" data-l="ends">\(key.expiresAt.map { When($0, .date).body } ?? "never")\(if: key.isExpired, " <span class=\"quiet\">expired</span>")</td>\
    <td class="c-wide"><div class="btns end">\(if: frame.canWrite, Confirm(
      button: "Revoke", question: "What uses <bdi>\(key.name)</bdi> is refused from now on.", yes: "Revoke \(key.name)",
      action: Paths.revokeAPIKey(key.id)).body)</div></td></tr>

    """
  }

  private var makeForm: HTML {
    Card(
      title: "Make a key",
      content: """
        <form class="card-body form" action="\(Paths.apiKeys)" method="post"><div class="grid-2">\
        \(Field(name: "name", label: "Name", value: form.name, hint: "Where it is used.", error: errors["name"], isRequired: true, autocomplete: "off"))\
        \(Field(name: "expires_at", label: "Ends", value: form.expiresAt, kind: .date, hint: "Empty: never.", error: errors["expires_at"]))</div>
        \(CheckGroup(legend: "Scope", checks: [
          Check(name: "scope", value: "read", label: "read", isOn: form.scope == "read", isRadio: true),
          Check(name: "scope", value: "write", label: "read and write", isOn: form.scope == "write", isRadio: true),
        ], error: errors["scope"]))
        <div class="btns"><button class="btn btn-primary">Make key</button></div></form>
        """
    ).body
  }
}

/// `GET /settings/sessions`; posts: `endSession`, `endOtherSessions` (no fields).
struct SessionsPage: SettingsPage {
  struct Session: Sendable {
    var id: String
    /// `Firefox on Linux`
    var device: String
    var address: String
    var signedInAt: Int64
    var seenAt: Int64
    var isThis: Bool
  }

  var frame: AppFrame
  var sessions: [Session]

  var place: SettingsPlace { .sessions }
  var sentence: HTML {
    sessions.count == 1 ? "You are signed in here only." : "You are signed in \(sessions.count) times."
  }
  var lead: HTML? { "Ending a session signs that device out at once." }
  var buttons: HTML? {
    sessions.count > 1 ? PostButton(label: "End all others", action: Paths.endOtherSessions).body : nil
  }

  var content: HTML {
    """
    <section class="card"><table class="table folds-up three"><caption class="vh">Sessions</caption><thead><tr><th scope="col">Device</th>\
    <th scope="col">Address</th><th scope="col">Signed in</th><th scope="col">Seen</th><th scope="col"><span class="vh">Change</span></th></tr></thead>\
    <tbody>\(sessions, row)</tbody></table></section>
    """
  }

  private func row(_ session: Session) -> HTML {
    """
    <tr><td class="name"><b>\(session.device)</b>\(if: session.isThis, " <span class=\"quiet\">this one</span>")</td>\
    <td class="c-b mono">\(session.address)</td><td class="c-b" data-l="since">\(When(session.signedInAt, .dayClock))</td>\
    <td class="c-b last" data-l="seen">\(When(session.seenAt, .dayClock))</td>\
    <td class="c-wide"><div class="btns end">\(if: !session.isThis, PostButton(
      label: "End", action: Paths.endSession(session.id), name: "End the session of \(session.device)").body)</div></td></tr>

    """
  }
}

/// `GET /settings/account`; posts to itself: `name, email, password` (for another address); `password`: `current_password, new_password`.
struct AccountPage: SettingsPage {
  var frame: AppFrame
  var name: String
  var email: String
  /// As saved.
  var savedEmail: String
  /// `owner`, `admin` or `member`.
  var role: String
  var errors: FormErrors = [:]

  var place: SettingsPlace { .account }
  var sentence: HTML { "<bdi>\(frame.person)</bdi>, \(role) of <bdi>\(frame.organization)</bdi>." }

  var content: HTML {
    """
    \(FormError(message: errors[""]))
    \(Card(title: "You", content: """
      <form class="card-body form" action="\(Paths.account)" method="post">\
      \(Field(name: "name", label: "Name", value: name, error: errors["name"], isRequired: true, autocomplete: "name"))\
      \(Field(name: "email", label: "E-mail address", value: email, kind: .email, error: errors["email"], isRequired: true, autocomplete: "email"))\
      \(Field(name: "password", label: "Password", kind: .password, hint: "Only to change the address.", error: errors["password"], autocomplete: "current-password"))
      <div class="btns"><button class="btn btn-primary">Save</button></div></form>
      """))
    \(Card(title: "Password", note: "Changing it ends every other session", content: """
      <form class="card-body form" action="\(Paths.password)" method="post">\
      <input class="vh" type="text" name="username" autocomplete="username" value="\(savedEmail)" tabindex="-1" aria-hidden="true" readonly>\
      \(Field(name: "current_password", label: "Present password", kind: .password, error: errors["current_password"], isRequired: true, autocomplete: "current-password"))\
      \(Field(name: "new_password", label: "New password", kind: .password, hint: PasswordRule.hint, error: errors["new_password"], isRequired: true, autocomplete: "new-password"))
      <div class="btns"><button class="btn btn-primary">Change password</button></div></form>
      """))
    """
  }
}

/// What is asked of a password, the same wherever one is chosen.
enum PasswordRule {
  static let hint: HTML = "At least \(PasswordRules.charactersMin) characters, better 15 or more; a sentence is fine."
}
