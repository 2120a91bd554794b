import Domain
import JSON
import Store

enum OrganizationShapes {
  static let components: [(String, Schema)] = [
    (
      "Organization",
      .object([
        .always("id", .id(OrganizationTag.self)), .always("name", .string), .always("slug", .string),
        .always("created_at", .instant), .always("updated_at", .instant),
      ])
    ),
    ("APIKey", .object(key)),
    ("NewAPIKey", .object(key + [.always("key", .string.described("Shown this once."))])),
    (
      "Member",
      .object([
        .always("id", .id(AccountTag.self)), .always("email", .string), .always("name", .string),
        .always("role", .choice(Role.self)), .always("joined_at", .instant),
      ])
    ),
    ("Invitation", .object(invitation)),
    (
      "NewInvitation",
      .object(
        invitation + [
          .always("link", .string.described("For the invited person; shown this once.")), .always("mailed", .boolean),
        ])
    ),
  ]

  private static let key: [Schema.Property] = [
    .always("id", .id(APIKeyTag.self)), .always("name", .string), .always("prefix", .string),
    .always("scope", .choice(APIKeyScope.self)), .always("created_by", .id(AccountTag.self)),
    .always("created_at", .instant), .always("expires_at", .nullable(.instant)),
    .always("used_at", .nullable(.instant)),
  ]

  private static let invitation: [Schema.Property] = [
    .always("id", .id(InvitationTag.self)), .always("email", .string), .always("role", .choice(Role.self)),
    .always("invited_by", .string), .always("created_at", .instant), .always("expires_at", .instant),
  ]

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .updateOrganization:
      OperationShape(
        "Rename the organization", tag: "organization", body: .object([.maybe("name", .text())]),
        bodyIsRequired: false, answer: .ref("Organization"))
    case .listAPIKeys:
      OperationShape(
        "API keys", tag: "api keys", query: OperationShape.Parameter.paging, answer: .page(of: .ref("APIKey")))
    case .createAPIKey:
      OperationShape(
        "Make an API key", tag: "api keys",
        body: .object([
          .always("name", .text()), .always("scope", .choice(APIKeyScope.self)),
          .maybe("expires_at", .nullable(.instant)),
        ]),
        example: ["name": "Deploy", "scope": "write"], status: 201, answer: .ref("NewAPIKey"))
    case .deleteAPIKey: OperationShape("Delete an API key", tag: "api keys", status: 204)
    case .listMembers:
      OperationShape(
        "Who belongs to the organization", tag: "members", query: OperationShape.Parameter.paging,
        answer: .page(of: .ref("Member")))
    case .updateMember:
      OperationShape(
        "Change a member's role", tag: "members", body: .object([.always("role", .choice(Role.self))]),
        example: ["role": "admin"], answer: .ref("Member"), errors: [409])
    case .removeMember: OperationShape("Take a member out", tag: "members", status: 204, errors: [409])
    default: invitations(operation)
    }
  }

  private static func invitations(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .listInvitations:
      OperationShape(
        "Invitations that wait", tag: "invitations", query: OperationShape.Parameter.paging,
        answer: .page(of: .ref("Invitation")))
    case .createInvitation:
      OperationShape(
        "Invite somebody; replaces an invitation that waits for the same address", tag: "invitations",
        body: .object([.always("email", .email), .maybe("role", .choice(Role.self).defaulting(to: "member"))]),
        example: ["email": "grace@example.org", "role": "admin"], status: 201, answer: .ref("NewInvitation"),
        errors: [409])
    case .revokeInvitation: OperationShape("Revoke an invitation", tag: "invitations", status: 204)
    case .acceptInvitation:
      OperationShape(
        "Join by an invitation: as oneself when logged in, else as somebody new", tag: "invitations",
        body: .object([.always("token", .text(1...200)), .maybe("name", .text()), .maybe("password", .secret)]),
        answer: .ref("Me"), errors: [409, 410])
    default: OperationShape("The organization at hand", tag: "organization", answer: .ref("Organization"))
    }
  }
}
