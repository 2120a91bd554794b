import Domain
import Engine
import HTML
import HTTPServer
import Store

/// The ways in and out.
enum GatePages {
  static let routes: [PageRoute] = [
    .get("/", .everyone) { request in
      if request.known != nil { return .seeOther(Paths.monitors) }
      if try await request.context.access.setupIsOpen() {
        return .page(SetupClosedPage(isDone: false).render())
      }
      return .page(LandingPage(isSignupOpen: isSignupOpen(request)).render())
    },
    .get("/favicon.ico", .everyone) { _ in .seeOther(Asset.favicon.path) },
    .get("/setup", .everyone, showSetup), .post("/setup", .everyone, setup),
    .get("/signup", .everyone) { request in
      .page(SignupPage(isOpen: isSignupOpen(request)).render())
    },
    .post("/signup", .everyone, signUp),
    .get("/login", .everyone) { request in
      .page(
        LoginPage(
          next: Visit.localPath(request.query["next"]) ?? "",
          notice: request.query["out"].flatMap {
            ["1": "You are signed out.", "left": "You left the organization."][$0]
          },
          isSignupOpen: isSignupOpen(request), sendsMail: request.context.access.sendsMail
        ).render())
    },
    .post("/login", .everyone, logIn),
    .post("/logout", .session) { request in
      let known = try request.person
      try await request.context.access.logOut(try known.person, scope: known.scope, by: known.principal)
      return .seeOther(Paths.login + "?out=1", headers: [request.visit.endedCookie])
    },
    .get("/reset", .everyone) { request in
      .page(ResetRequestPage(sendsMail: request.context.access.sendsMail).render())
    },
    .post("/reset", .everyone, requestReset),
    .get("/reset/confirm", .everyone) { request in
      .page(ResetConfirmPage(token: request.query["token"] ?? "").render())
    },
    .post("/reset/confirm", .everyone, confirmReset),
    .get("/join", .everyone, showJoin), .post("/join", .everyone, join),
    .post("/organization", .session) { request in
      guard let id = PublicID<OrganizationTag>(try request.form().text("organization_id")) else {
        throw Problem.notFound
      }
      let session = try await request.context.access.switchOrganization(
        of: try request.person.person, to: id, client: request.visit.client)
      return begun(session, request, to: Paths.monitors)
    },
  ]

  private static func isSignupOpen(_ request: PageRequest) -> Bool { request.context.access.signUpMode == .open }

  static func begun(_ session: Access.NewSession, _ request: PageRequest, to path: String) -> Response {
    .seeOther(path, headers: [request.visit.cookie(for: session, now: request.now)])
  }

  @Sendable private static func showSetup(_ request: PageRequest) async throws -> Response {
    guard try await request.context.access.setupIsOpen() else { return .page(SetupClosedPage(isDone: true).render()) }
    let token = request.query["token"] ?? ""
    guard try await request.context.access.setupAccepts(token) else {
      return .page(SetupClosedPage(isDone: false).render(), status: 403)
    }
    return .page(SetupPage(token: token, about: about(request)).render())
  }

  private static func about(_ request: PageRequest) -> String { "martlet \(request.context.settings.version)" }

  @Sendable private static func setup(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    var page = SetupPage(
      token: form.text("token"), name: form.text("name"), organization: form.text("organization"),
      email: form.text("email"), about: about(request))
    do {
      let session = try await request.context.access.signUp(
        Access.NewAccount(email: page.email, password: form.raw("password"), name: page.name),
        organization: page.organization, setupToken: page.token, client: request.visit.client)
      return begun(session, request, to: Paths.monitors)
    } catch let error as AccessError {
      if error == .setupTokenWrong { return .page(SetupClosedPage(isDone: false).render(), status: 403) }
      page.errors = FormErrors(error)
      return .page(page.render(), status: 422)
    }
  }

  @Sendable private static func signUp(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    var page = SignupPage(
      isOpen: isSignupOpen(request), name: form.text("name"), organization: form.text("organization"),
      email: form.text("email"))
    do {
      let session = try await request.context.access.signUp(
        Access.NewAccount(email: page.email, password: form.raw("password"), name: page.name),
        organization: page.organization, setupToken: nil, client: request.visit.client)
      return begun(session, request, to: Paths.monitors)
    } catch let error as AccessError {
      page.errors = FormErrors(error)
      return .page(page.render(), status: 422)
    }
  }

  @Sendable private static func logIn(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    let next = Visit.localPath(form.text("next"))
    do {
      let session = try await request.context.access.logIn(
        email: form.text("email"), password: form.raw("password"), client: request.visit.client)
      return begun(session, request, to: next ?? Paths.monitors)
    } catch let error as AccessError {
      let page = LoginPage(
        email: form.text("email"), next: next ?? "", isSignupOpen: isSignupOpen(request),
        sendsMail: request.context.access.sendsMail, errors: FormErrors(error))
      let problem = ProblemMapping.problem(error, request.context)
      return .page(page.render(), status: problem.status == 429 ? 429 : 422, headers: problem.headers)
    }
  }

  @Sendable private static func requestReset(_ request: PageRequest) async throws -> Response {
    let email = try request.form().text("email")
    var page = ResetRequestPage(email: email, sendsMail: request.context.access.sendsMail)
    do {
      try request.context.access.requestReset(email: email, client: request.visit.client)
      page.isSent = true
    } catch let error as AccessError {
      page.errors = FormErrors(error)
    }
    return .page(page.render(), status: page.errors.isEmpty ? 200 : 422)
  }

  @Sendable private static func confirmReset(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    do {
      try await request.context.access.confirmReset(
        token: form.text("token"), password: form.raw("password"), client: request.visit.client)
      return .seeOther(Paths.login)
    } catch let error as AccessError {
      let page = ResetConfirmPage(
        token: form.text("token"), isRefused: error == .linkInvalid, errors: FormErrors(error))
      return .page(page.render(), status: 422)
    }
  }

  private static func joinPage(_ request: PageRequest, _ token: String) async throws -> JoinPage? {
    guard let (invitation, hasAccount) = try await request.context.access.invitation(token) else { return nil }
    return JoinPage(
      token: token, organization: invitation.organizationName, invitedBy: invitation.invitedBy,
      role: invitation.role.rawValue, email: invitation.email, isSignedIn: request.known != nil && hasAccount)
  }

  @Sendable private static func showJoin(_ request: PageRequest) async throws -> Response {
    guard let page = try await joinPage(request, request.query["token"] ?? "") else { throw Problem.notFound }
    return .page(page.render())
  }

  @Sendable private static func join(_ request: PageRequest) async throws -> Response {
    let form = try request.form()
    let token = form.text("token")
    guard var page = try await joinPage(request, token) else { throw Problem.notFound }
    do {
      let session =
        if let person = request.known?.session {
          try await request.context.access.acceptInvitation(token, as: person, client: request.visit.client)
        } else {
          try await request.context.access.acceptInvitation(
            token, name: form.text("name"), password: form.raw("password"), client: request.visit.client)
        }
      return begun(session, request, to: Paths.monitors)
    } catch let error as AccessError {
      if error == .logInFirst {
        return .seeOther(Paths.login + "?next=" + PercentCoding.encode(Paths.join + "?token=" + token))
      }
      page.name = form.text("name")
      page.errors = FormErrors(error)
      return .page(page.render(), status: 422)
    }
  }
}
