import Domain
import JSON
import Store

/// Shapes of what people are told: services, incidents, status pages, channels, notifications, live changes, public pages.
enum TellingShapes {
  static let components: [(String, Schema)] = [
    ("Service", service), ("Incident", incident), ("StatusPage", statusPage), ("Changes", changes),
    ("PublicStatus", publicStatus), ("IncidentVotes", incidentVotes),
  ]

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .listServices: list("Services", "Service", "services")
    case .createService:
      OperationShape(
        "Make a service", tag: "services", body: .object([.always("name", .text())] + serviceBody),
        example: ["name": "API", "description": "Everything under /v1"], status: 201, answer: .ref("Service"),
        errors: [409])
    case .showService: OperationShape("A service", tag: "services", answer: .ref("Service"))
    case .updateService:
      OperationShape(
        "Change a service; its status by hand, or null to follow incidents and monitors", tag: "services",
        body: .object([.maybe("name", .text())] + serviceBody), bodyIsRequired: false, answer: .ref("Service"))
    case .deleteService: OperationShape("Delete a service", tag: "services", status: 204)
    case .listStatusPages: list("Status pages", "StatusPage", "status pages")
    case .showStatusPage: OperationShape("A status page", tag: "status pages", answer: .ref("StatusPage"))
    case .updateStatusPage:
      OperationShape(
        "Change a status page", tag: "status pages",
        body: .object([
          .maybe("slug", .text(1...40)), .maybe("name", .text()), .maybe("description", prose),
          .maybe("is_public", .boolean), .maybe("services", .array(.id(ServiceTag.self), 0...500)),
        ]), bodyIsRequired: false, answer: .ref("StatusPage"), errors: [409])
    case .publicServices: list("Services of a public page", "Service", "public")
    case .publicIncidents: list("Incidents of a public page", "Incident", "public", more: [state])
    case .publicStatus:
      OperationShape("The whole in one word: the worst service", tag: "public", answer: .ref("PublicStatus"))
    case .publicChanges:
      OperationShape(
        "What changed on a public page since a number", tag: "public", query: position, answer: .ref("Changes"),
        errors: [503])
    case .listChanges:
      OperationShape(
        "What changed in the organization since a number", tag: "live", query: position, answer: .ref("Changes"),
        errors: [503])
    case .createRealtimeTicket:
      OperationShape(
        "A ticket for one live socket, valid for 30 seconds", tag: "live", body: .object([]), bodyIsRequired: false,
        status: 201, answer: .object([.always("token", .string), .always("expires_at", .instant)]), errors: [503])
    default: running(operation)
    }
  }

  private static func running(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .listIncidents: list("Incidents, newest first", "Incident", "incidents", more: [state])
    case .createIncident:
      OperationShape(
        "Open an incident", tag: "incidents",
        body: .object([
          .always("title", .text(1...Limits.incidentTitleCharactersMax)), .maybe("description", prose),
          .maybe("status", .choice(["investigating", "identified", "monitoring"])), .maybe("message", said),
          .maybe("started_at", .instant),
          .maybe(
            "services",
            .array(
              .object([.always("id", .id(ServiceTag.self)), .always("to_state", .choice(ServiceStatus.self))]),
              0...Limits.servicesPerIncidentMax)),
          .maybe("service_id", .id(ServiceTag.self)), .maybe("to_state", .choice(ServiceStatus.self)),
        ]), example: ["title": "Bookings fail with time-outs"], status: 201, answer: .ref("Incident"))
    case .showIncident: OperationShape("An incident", tag: "incidents", answer: .ref("Incident"))
    case .updateIncident:
      OperationShape(
        "Change an incident's words, its post-mortem or its status", tag: "incidents",
        body: .object([
          .maybe("title", .text(1...Limits.incidentTitleCharactersMax)), .maybe("description", prose),
          .maybe("postmortem", .nullable(.text(1...Limits.postmortemCharactersMax, lines: true))),
          .maybe("status", .choice(Domain.IncidentStatus.self)),
        ]), bodyIsRequired: false, answer: .ref("Incident"), errors: [409])
    case .deleteIncident: OperationShape("Delete an incident", tag: "incidents", status: 204)
    case .addIncidentUpdate:
      OperationShape(
        "Say what is known now", tag: "incidents",
        body: .object([.maybe("status", .choice(Domain.IncidentStatus.self)), .always("message", said)]),
        example: ["status": "identified", "message": "A schema change locked a table."], status: 201,
        answer: .ref("Incident"), errors: [409])
    case .acknowledgeIncident:
      OperationShape(
        "Say that somebody looks", tag: "incidents", body: .object([]), bodyIsRequired: false, answer: .ref("Incident"),
        errors: [409])
    case .showIncidentVotes:
      OperationShape(
        "How each region voted over time, from a little before the incident to its end", tag: "incidents",
        answer: .object([.always("results", .array(.ref("IncidentVotes")))]))
    default: ChannelShapes.shape(operation)
    }
  }

  private static func list(
    _ summary: String, _ item: String, _ tag: String, more: [OperationShape.Parameter] = []
  ) -> OperationShape {
    OperationShape(
      summary, tag: tag, query: OperationShape.Parameter.paging + more, answer: .page(of: .ref(item)))
  }

  private static let prose = Schema.text(0...Limits.proseCharactersMax, lines: true)
  private static let said = Schema.text(1...Limits.proseCharactersMax, lines: true)
  private static let state = OperationShape.Parameter(
    "state", .choice(IncidentAPI.State.self), "Only open or only resolved ones.")
  private static let position = [
    OperationShape.Parameter("since", .integer(0...Int.max), "The last number that was seen."),
    OperationShape.Parameter("epoch", .text(0...40), "The epoch that the number belongs to."),
  ]

  private static let serviceBody: [Schema.Property] = [
    .maybe("description", prose), .maybe("is_active", .boolean),
    .maybe("monitors", .array(.id(MonitorTag.self), 0...Limits.monitorsPerServiceMax)),
    .maybe("status", .nullable(.choice(ServiceStatus.self))),
  ]
}
