import Domain
import Engine
import HTML
import HTTPServer
import Store

/// Who belongs to the organization, and who is invited.
enum PeoplePages {
  private static let rowsMax = 500

  static let routes: [PageRoute] = [
    .get("/settings/members", .session) { try await page($0, Draft()) },
    .post("/settings/members/leave", .session, leave),
    .post("/settings/members/{id}/role", .admin) { request in
      let known = try request.person
      guard let role = Role(rawValue: try request.form().text("role")) else {
        return try await page(request, Draft(errors: ["": "Choose a role."]))
      }
      return try await change(request) {
        _ = try await $0.setRole(
          role, of: try request.id(), asked: try known.person, scope: known.scope, by: known.principal)
      }
    },
    .post("/settings/members/{id}/remove", .admin) { request in
      let known = try request.person
      return try await change(request) {
        try await $0.removeMember(
          try request.id(), asked: try known.person, scope: known.scope, by: known.principal)
      }
    },
    .post("/settings/invitations", .admin, invite),
    .post("/settings/invitations/{id}/revoke", .admin) { request in
      let known = try request.person
      let id = try request.id(PublicID<InvitationTag>.self)
      let revoked = try await request.store.write { [world = request.context.world] db in
        try InvitationQueries.revoke(id, scope: known.scope, by: known.principal, in: db, world: world)
      }
      guard revoked else { throw Problem.notFound }
      return .seeOther(Paths.members + "?done=revoked")
    },
  ]

  /// What a person typed, and what came of it.
  private struct Draft {
    var email = ""
    var role = "member"
    var link: (email: String, url: String)?
    var errors: FormErrors = [:]
  }

  private static func page(_ request: PageRequest, _ draft: Draft) async throws -> Response {
    let known = try request.person
    let person = try known.person
    let frame = try await FrameMaker.frame(request)
    // Who only reads sees themselves here: the list of people is the admins', as in the API.
    let seesAll = person.role.mayWrite
    let (members, invitations, owners) = try await request.store.read { db in
      (
        seesAll
          ? try MemberQueries.list(scope: known.scope, offset: 0, rows: rowsMax, in: db)
          : [try MemberQueries.find(person.accountID, scope: known.scope, in: db)].compactMap(\.self),
        seesAll ? try InvitationQueries.list(scope: known.scope, offset: 0, rows: rowsMax, in: db) : [],
        try MemberQueries.ownerCount(scope: known.scope, in: db)
      )
    }
    let page = MembersPage(
      frame: frame,
      members: members.map { member in
        let isLastOwner = member.role == .owner && owners == 1
        return MembersPage.Member(
          id: member.id.text, name: member.name, email: member.email, role: member.role.rawValue,
          joinedAt: member.joined.ms, isYou: member.account == person.account,
          isEditable: seesAll && !isLastOwner && (member.role != .owner || person.role == .owner))
      },
      invitations: invitations.map {
        MembersPage.Invitation(
          id: $0.id.text, email: $0.email, role: $0.role.rawValue, invitedBy: $0.invitedBy, expiresAt: $0.expires.ms)
      },
      mayLeave: person.role != .owner || owners > 1, mayMakeOwners: person.role == .owner, link: draft.link,
      sendsMail: request.context.access.sendsMail,
      form: (draft.email, draft.role), errors: draft.errors)
    return .page(page.render(), status: draft.errors.isEmpty ? 200 : 422)
  }

  /// The session goes with the membership; who belongs elsewhere signs in there.
  @Sendable private static func leave(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    do {
      try await request.context.access.leave(try known.person, scope: known.scope, by: known.principal)
    } catch let error as AccessError where error == .lastOwner {
      return try await page(request, Draft(errors: FormErrors(error)))
    }
    return .seeOther(Paths.login + "?out=left", headers: [request.visit.endedCookie])
  }

  private static func change(
    _ request: PageRequest, _ body: (Access) async throws -> Void
  ) async throws -> Response {
    do {
      try await body(request.context.access)
      return .seeOther(Paths.members + "?done=saved")
    } catch let error as AccessError where error != .notFound {
      return try await page(request, Draft(errors: FormErrors(error)))
    }
  }

  /// Answers with the link itself, as it is printed this once.
  @Sendable private static func invite(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let form = try request.form()
    var draft = Draft(email: form.text("email"), role: form.text("role"))
    guard let role = Role(rawValue: draft.role) else {
      draft.errors["role"] = "Choose a role."
      return try await page(request, draft)
    }
    do {
      let made = try await request.context.access.invite(
        email: draft.email, role: role, asked: try known.person, scope: known.scope, by: known.principal)
      let link = request.visit.origin + Query(Paths.join).adding("token", made.token).path
      return try await page(request, Draft(link: (made.row.email, link)))
    } catch let error as AccessError {
      draft.errors = error == .alreadyMember ? ["email": "They belong to the organization already."] : FormErrors(error)
      return try await page(request, draft)
    }
  }
}
