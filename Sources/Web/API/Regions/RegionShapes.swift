import Domain
import JSON
import Store

/// Shapes of regions, workers and tokens.
enum RegionShapes {
  static let components: [(String, Schema)] = [
    (
      "Region",
      .object([
        .always("id", .id(RegionTag.self)), .always("name", .string), .always("is_private", .boolean),
        .always(
          "is_stand_in", .boolean.described("Its workers look in place of regions that have none; no monitor names it.")
        ),
        .always("healthy_workers", .integer), .always("state", .choice(RegionState.self)),
        .always("workers", .array(.ref("Worker"))),
        .always(
          "unwell_7d",
          .object([.always("times", .integer), .always("total_s", .integer)])
            .described("How often and how long it had no voice in the last seven days.")),
      ])
    ),
    ("Worker", .object(worker)),
    (
      "NewRegionToken",
      .object([
        .always("id", .id(RegionTokenTag.self)), .always("region", .string),
        .always("token", .string.described("Shown this once.")),
        .always("command", .string.described("What to run on the machine that is to check from there.")),
        .always("uses_left", .integer), .always("created_at", .instant), .always("expires_at", .instant),
      ])
    ),
  ]

  private static let worker: [Schema.Property] =
    [
      .always("id", .string.described("wrk_…, or embedded for the control plane's own process.")),
      .always("hostname", .string), .always("version", .string),
      .always("state", .choice(RegionState.self)), .always("seen_at", .instant),
      .always("jobs_per_s", .nullable(.number)),
      .always("late_share", .nullable(.number(0...1)).described("Starts more than 10 ms late, since its own start.")),
    ]
    + ["clock_skew_ms", "in_flight", "lateness_p99_ms", "loop_lag_p99_us", "spool_bytes", "spooled"].map {
      .always($0, .nullable(.integer))
    }

  static func shape(_ operation: APIOperation) -> OperationShape {
    switch operation {
    case .createRegion:
      OperationShape(
        "Add a region of the organization's own", tag: "regions",
        body: .object([.always("name", .regionName)]), example: ["name": "fra"], status: 201, answer: .ref("Region"),
        errors: [409])
    case .createRegionToken:
      OperationShape(
        "Make a token that lets workers into a region", tag: "regions",
        body: .object([
          .maybe("uses", .integer(Limits.regionTokenUses).defaulting(to: 1)),
          .maybe("expires_in_s", .integer(Limits.regionTokenS).defaulting(to: 86_400)),
        ]), bodyIsRequired: false, example: ["uses": 1, "expires_in_s": 86_400], status: 201,
        answer: .ref("NewRegionToken"), errors: [409])
    case .revokeWorker:
      OperationShape("Revoke a worker: it stops within one poll", tag: "regions", status: 204)
    default:
      OperationShape(
        "Regions and their workers", tag: "regions",
        answer: .object([.always("results", .array(.ref("Region")))]))
    }
  }
}
