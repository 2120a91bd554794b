import Domain
import Store

/// What is answered about services, incidents, pages and messages.
extension TellingShapes {
  static let service = Schema.object([
    .always("id", .id(ServiceTag.self)), .always("name", .string), .always("description", .string),
    .always("status", .choice(ServiceStatus.self)), .always("status_display", .string),
    .always("observed", .choice(["fresh", "stale", "none"])), .always("is_active", .boolean),
    .always(
      "valid_next_states",
      .array(.object([.always("value", .choice(ServiceStatus.self)), .always("label", .string)]))),
    .always("monitors", .array(.id(MonitorTag.self))), .always("created_at", .instant),
    .always("updated_at", .instant),
  ])

  static let incident = Schema.object([
    .always("id", .id(IncidentTag.self)), .always("title", .string), .always("description", .string),
    .always("status", .choice(Domain.IncidentStatus.self)), .always("status_display", .string),
    .always("started_at", .instant), .always("acknowledged_at", .nullable(.instant)),
    .always("acknowledged_by", .nullable(.string)),
    .always("resolved_at", .nullable(.instant)),
    .always(
      "services",
      .array(
        .object([
          .always("id", .id(ServiceTag.self)), .always("name", .string),
          .always("from_state", .choice(ServiceStatus.self)), .always("to_state", .choice(ServiceStatus.self)),
        ]))),
    .always(
      "updates",
      .array(
        .object([
          .always("id", .id(IncidentUpdateTag.self)), .always("status", .choice(Domain.IncidentStatus.self)),
          .always("message", .string), .always("created_at", .instant), .always("author", .nullable(.string)),
        ]))),
    .always("cause", .choice(["manual", "monitor"])), .always("monitor_ids", .array(.id(MonitorTag.self))),
    .always(
      "caused_by",
      .nullable(.id(IncidentTag.self).described("The incident of a monitor that this one's monitor depends on."))),
    .always("causing", .array(.id(IncidentTag.self)).described("Incidents that are part of this one.")),
    .always("postmortem", .nullable(.string)), .always("created_at", .instant), .always("updated_at", .instant),
  ])

  static let incidentVotes = Schema.object([
    .always("monitor_id", .id(MonitorTag.self)), .always("from", .instant),
    .always("to", .instant.described("The incident's end, or now; 14 days after `from` at most.")),
    .always("by_minute", .boolean.described("The middle of a long incident is told by the minute.")),
    .always(
      "quorum",
      .nullable(
        .object([
          .always("at", .instant.described("When enough regions had voted down.")), .always("down_since", .instant),
          .always("votes_down", .integer), .always("votes", .integer), .always("needed", .integer),
        ]))),
    .always(
      "regions",
      .array(
        .object([
          .always("region", .string),
          .always(
            "spans",
            .array(
              .object([
                .always("from", .instant), .always("to", .instant),
                .always(
                  "vote",
                  .choice(PastVote.self).described("silenced: suspect or overloaded, so that nothing it said counted.")
                ),
              ])
            ).described(
              "Without a hole; of more than \(IncidentVotes.spansMax) changes the worst of each even step."
            )),
        ]))),
  ])

  static let statusPage = Schema.object([
    .always("id", .id(StatusPageTag.self)), .always("slug", .string), .always("name", .string),
    .always("description", .string), .always("is_public", .boolean),
    .always("services", .array(.id(ServiceTag.self))), .always("created_at", .instant),
    .always("updated_at", .instant),
  ])

  static let publicStatus = Schema.object([
    .always("status", .choice(ServiceStatus.self)), .always("status_display", .string),
    .always("observed", .choice(["fresh", "stale", "none"])), .always("services_total", .integer),
    .always("incidents_open", .integer), .always("updated_at", .instant),
  ])

  static let changes = Schema.object([
    .always(
      "results",
      .array(
        .object([
          .always("type", .choice(FeedEventType.self)), .always("seq", .integer),
          .always("data", .map(.anything)),
        ]))),
    .always("seq", .integer), .always("epoch", .string), .always("reset", .boolean),
  ])
}
