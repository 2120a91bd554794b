import Domain
import JSON
import Store

extension APIOperation {
  /// What the operation takes and answers.
  public var shape: OperationShape {
    switch self {
    case .health, .openAPI, .listRegions, .listAuditLog: AboutShapes.shape(self)
    case .signUp, .logIn, .logOut, .requestReset, .confirmReset, .switchOrganization, .showMe, .updateMe,
      .changePassword, .leaveOrganization, .listSessions, .endOtherSessions, .endSession:
      AccountShapes.shape(self)
    case .showOrganization, .updateOrganization, .listAPIKeys, .createAPIKey, .deleteAPIKey, .listMembers,
      .updateMember, .removeMember, .listInvitations, .createInvitation, .revokeInvitation, .acceptInvitation:
      OrganizationShapes.shape(self)
    case .listMonitors, .createMonitor, .showMonitor, .updateMonitor, .deleteMonitor, .checkMonitor, .listResults,
      .showMetrics, .showUptime, .accountSlots:
      WatchingShapes.shape(self)
    default: TellingShapes.shape(self)
    }
  }
}

/// The schemas that several operations share, by name.
enum OpenAPIComponents {
  static let schemas: [(String, Schema)] =
    AccountShapes.components + OrganizationShapes.components + WatchingShapes.components + TellingShapes.components
    + ChannelShapes.components
}

enum AboutShapes {
  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .health:
      OperationShape(
        "Whether the process works", tag: "about",
        answer: .object([
          .always("status", .choice(["ok"])), .always("parts", .map(.choice(["ok"]))),
        ]))
    case .listRegions:
      OperationShape(
        "Regions and their workers", tag: "regions",
        answer: .object([
          .always(
            "results",
            .array(
              .object([
                .always("id", .id(RegionTag.self)), .always("name", .string), .always("is_private", .boolean),
                .always("healthy_workers", .integer), .always("state", .choice(["healthy", "offline"])),
                .always("workers", .array(worker)),
              ])))
        ]))
    case .listAuditLog:
      OperationShape(
        "What was changed, by whom, newest first", tag: "audit log", query: OperationShape.Parameter.paging,
        answer: .page(of: auditRow))
    default:
      OperationShape("This document", tag: "about", answer: .map(.anything))
    }
  }

  private static let worker = Schema.object([
    .always("id", .string), .always("hostname", .string), .always("version", .string),
    .always("state", .choice(["healthy", "offline"])), .always("seen_at", .instant),
  ])

  private static let auditRow = Schema.object([
    .always("id", .id(AuditTag.self)), .always("at", .instant), .always("action", .string.example("monitor.create")),
    .always(
      "actor",
      .object([
        .always("kind", .choice(["account", "api_key", "system"])), .always("id", .nullable(.string)),
        .always("name", .string), .always("address", .nullable(.string)),
      ])),
    .always("subject_id", .nullable(.string)), .always("detail", .map(.anything)),
  ])
}

enum AccountShapes {
  static let components: [(String, Schema)] = [
    (
      "Me",
      .object([
        .always("id", .id(AccountTag.self)), .always("email", .string), .always("name", .string),
        .always("created_at", .instant), .always("session_id", .id(SessionTag.self)),
        .always("organization_id", .id(OrganizationTag.self)), .always("role", .choice(Role.self)),
        .always(
          "organizations",
          .array(
            .object([
              .always("id", .id(OrganizationTag.self)), .always("name", .string), .always("slug", .string),
              .always("role", .choice(Role.self)),
            ]))),
      ])
    ),
    (
      "Session",
      .object([
        .always("id", .id(SessionTag.self)), .always("is_current", .boolean),
        .always("organization_id", .id(OrganizationTag.self)), .always("user_agent", .string),
        .always("address", .string), .always("created_at", .instant), .always("seen_at", .instant),
        .always("expires_at", .instant),
      ])
    ),
  ]

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .signUp:
      OperationShape(
        "Make an account and its organization, and log in", tag: "auth",
        body: .object([
          .always("email", .email), .always("password", .secret), .always("name", .text()),
          .always("organization", .text()), .maybe("setup_token", .nullable(.text(1...200))),
        ]),
        example: [
          "email": "ada@example.org", "password": "a martlet never lands", "name": "Ada",
          "organization": "Harbourline",
        ], status: 201, answer: .ref("Me"), errors: [403, 409])
    case .logIn:
      OperationShape(
        "Log in", tag: "auth", body: .object([.always("email", .text(1...254)), .always("password", .secret)]),
        example: ["email": "ada@example.org", "password": "a martlet never lands"], answer: .ref("Me"),
        errors: [401, 403])
    case .logOut: OperationShape("End this session", tag: "auth", status: 204)
    case .requestReset:
      OperationShape(
        "Ask for a link to set a new password", tag: "auth", body: .object([.always("email", .text(1...254))]),
        status: 202, answer: .object([.always("detail", .string)]), errors: [409])
    case .confirmReset:
      OperationShape(
        "Set a new password by a mailed link; every session ends", tag: "auth",
        body: .object([.always("token", .text(1...200)), .always("password", .secret)]), status: 204, errors: [410])
    case .switchOrganization:
      OperationShape(
        "Set the session to another organization; the session's token changes", tag: "auth",
        body: .object([.always("organization_id", .id(OrganizationTag.self))]), answer: .ref("Me"), errors: [404])
    default: person(operation)
    }
  }

  private static func person(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .updateMe:
      OperationShape(
        "Change one's name or address; another address needs the password", tag: "me",
        body: .object([.maybe("name", .text()), .maybe("email", .email), .maybe("password", .secret)]),
        bodyIsRequired: false, answer: .ref("Me"), errors: [409])
    case .changePassword:
      OperationShape(
        "Change the password; every other session ends", tag: "me",
        body: .object([.always("current_password", .secret), .always("new_password", .secret)]), status: 204)
    case .leaveOrganization:
      OperationShape(
        "Leave the organization; its sessions of the person end, and the last owner stays", tag: "me", status: 204,
        errors: [409])
    case .listSessions:
      OperationShape(
        "Where one is logged in", tag: "sessions", answer: .object([.always("results", .array(.ref("Session")))]))
    case .endOtherSessions:
      OperationShape(
        "End every other session", tag: "sessions", answer: .object([.always("ended", .integer)]))
    case .endSession: OperationShape("End one session", tag: "sessions", status: 204)
    default: OperationShape("Who is logged in", tag: "me", answer: .ref("Me"))
    }
  }
}
