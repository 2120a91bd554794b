import HTML

/// `GET /setup?token=`; posts to itself: `token, name, organization, email, password`.
struct SetupPage: GatePage {
  var token: String
  var name = ""
  var organization = ""
  var email = ""
  /// `martlet 0.1.0 · data in ./data`
  var about: String
  var errors: FormErrors = [:]

  var title: String { "First account" }
  var foot: HTML { HTML(text: about) }

  var body: HTML {
    """
    <div><h1>Make the first account.</h1><p>You will own this Martlet. The link you came by works once.</p></div>\(FormError(message: errors[""]))
    <form action="\(Paths.setup)" method="post"><input type="hidden" name="token" value="\(token)">\
    \(AccountFields(name: name, organization: organization, email: email, errors: errors))
    <button class="btn btn-primary btn-lg btn-wide">Make account</button></form>
    """
  }
}

/// The fields of a new account, wherever one is made.
private struct AccountFields: Component {
  var name: String
  /// nil where the organization is there already.
  var organization: String?
  /// nil where the invitation says it.
  var email: String?
  var errors: FormErrors

  var body: HTML {
    """
    \(Field(name: "name", label: "Your name", value: name, error: errors["name"], isRequired: true, autocomplete: "name"))
    \(organization.map {
      Field(name: "organization", label: "Organization", value: $0, hint: "Its status page gets its name from it.", error: errors["organization"], isRequired: true, autocomplete: "organization")
    })
    \(email.map { Field(name: "email", label: "E-mail address", value: $0, kind: .email, error: errors["email"], isRequired: true, autocomplete: "username") })
    \(Field(name: "password", label: "Password", kind: .password, hint: PasswordRule.hint, error: errors["password"], isRequired: true, autocomplete: "new-password"))
    """
  }
}

/// `GET /setup` when its link is used up or wrong.
struct SetupClosedPage: GatePage {
  /// There is an account already; else the token was wrong.
  var isDone: Bool

  var title: String { "First account" }
  var body: HTML {
    isDone
      ? """
      <div><h1>The first account is made.</h1><p>Setup is closed for good.</p></div>
      <p><a class="btn btn-primary btn-lg" href="\(Paths.login)">Sign in</a></p>
      """
      : """
      <div><h1>This link does not fit.</h1><p>Open the one that <code>martlet serve</code> printed when it started last.</p></div>
      """
  }
}

/// `GET /signup`; posts to itself: `name, organization, email, password`.
struct SignupPage: GatePage {
  var isOpen: Bool
  var name = ""
  var organization = ""
  var email = ""
  var errors: FormErrors = [:]

  var title: String { "Sign up" }
  var foot: HTML { "<a href=\"\(Paths.login)\">Sign in</a>" }

  var body: HTML {
    guard isOpen else {
      return """
        <div><h1>Sign-up is closed here.</h1><p>Ask somebody who is in to invite you.</p></div>
        """
    }
    return """
      <div><h1>Sign up.</h1><p>A new organization, and you as its owner.</p></div>\(FormError(message: errors[""]))
      <form action="\(Paths.signup)" method="post">\(AccountFields(name: name, organization: organization, email: email, errors: errors))
      <button class="btn btn-primary btn-lg btn-wide">Make account</button></form>
      """
  }
}

/// `GET /join?token=`, an invitation; posts to itself: `token`, and for somebody new `name, password`.
struct JoinPage: GatePage {
  var token: String
  var organization: String
  var invitedBy: String
  var role: String
  var email: String
  /// Has an account already and is signed in: one button is enough.
  var isSignedIn: Bool
  var name = ""
  var errors: FormErrors = [:]

  var title: String { "Join \(organization)" }

  var body: HTML {
    """
    <div><h1>Join <bdi>\(organization)</bdi>.</h1><p><bdi>\(invitedBy)</bdi> invites \(email) as \(role).</p></div>\(FormError(message: errors[""]))
    <form action="\(Paths.join)" method="post"><input type="hidden" name="token" value="\(token)">\
    \(if: !isSignedIn, fields)<button class="btn btn-primary btn-lg btn-wide">Join</button></form>
    """
  }

  private var fields: HTML {
    """
    <input class="vh" type="text" name="username" autocomplete="username" value="\(email)" tabindex="-1" aria-hidden="true" readonly>\
    \(AccountFields(name: name, errors: errors))
    """
  }
}

/// `GET /login?next=`; posts to itself: `email, password, next` (a local path).
struct LoginPage: GatePage {
  var email = ""
  var next = ""
  /// Said above the form: `You are signed out.`
  var notice: String?
  var isSignupOpen = false
  var sendsMail = true
  var errors: FormErrors = [:]

  var title: String { "Sign in" }
  var foot: HTML { isSignupOpen ? "<a href=\"\(Paths.signup)\">Sign up</a>" : HTML() }

  var body: HTML {
    """
    <div><h1>Sign in.</h1>\(notice.map { "<p role=\"status\">\($0)</p>" as HTML })</div>\(FormError(message: errors[""]))
    <form action="\(Paths.login)" method="post">\(if: !next.isEmpty, "<input type=\"hidden\" name=\"next\" value=\"\(next)\">")\
    \(Field(name: "email", label: "E-mail address", value: email, kind: .email, error: errors["email"], isRequired: true, autocomplete: "username", isFocused: email.isEmpty))
    \(Field(name: "password", label: "Password", kind: .password, error: errors["password"], isRequired: true, autocomplete: "current-password"))
    <button class="btn btn-primary btn-lg btn-wide">Sign in</button></form><p class="small soft"><a href="\(Paths.reset)">Password forgotten</a></p>
    """
  }
}

/// `GET /reset`; posts to itself: `email`. The answer is the same whether the address is known or not.
struct ResetRequestPage: GatePage {
  var email = ""
  var isSent = false
  /// Without a mail server nobody can be sent a link; the operator makes one.
  var sendsMail = true
  var errors: FormErrors = [:]

  var title: String { "Password forgotten" }
  var foot: HTML { "<a href=\"\(Paths.login)\">Sign in</a>" }

  var body: HTML {
    guard sendsMail else {
      return """
        <div><h1>No mail leaves here.</h1><p>This Martlet has no mail server set, so it cannot send you a link. \
        Its operator can set one with <code>--smtp-url</code>.</p></div>
        """
    }
    guard !isSent else {
      return """
        <div role="status"><h1>Look into your mail.</h1><p>If \(email) has an account here, a link is on its way. It works once, for one hour.</p></div>
        """
    }
    return """
      <div><h1>A new password.</h1><p>You get a mail with a link that works once.</p></div>\(FormError(message: errors[""]))
      <form action="\(Paths.reset)" method="post">\(Field(name: "email", label: "E-mail address", value: email, kind: .email, error: errors["email"], isRequired: true, autocomplete: "username"))
      <button class="btn btn-primary btn-lg btn-wide">Send the link</button></form>
      """
  }
}

/// `GET /reset/confirm?token=`; posts to itself: `token, password`.
struct ResetConfirmPage: GatePage {
  var token: String
  /// The token is unknown, used or too old.
  var isRefused = false
  var errors: FormErrors = [:]

  var title: String { "New password" }

  var body: HTML {
    guard !isRefused else {
      return """
        <div><h1>This link is used up.</h1><p>It works once, for one hour. <a href="\(Paths.reset)">Ask for another</a></p></div>
        """
    }
    return """
      <div><h1>Choose a new password.</h1><p>Every session of yours ends; then sign in with the new one.</p></div>\(FormError(message: errors[""]))
      <form action="\(Paths.resetConfirm)" method="post"><input type="hidden" name="token" value="\(token)">\
      \(Field(name: "password", label: "New password", kind: .password, hint: PasswordRule.hint, error: errors["password"], isRequired: true, autocomplete: "new-password"))
      <button class="btn btn-primary btn-lg btn-wide">Change password</button></form>
      """
  }
}
