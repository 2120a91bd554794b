import Domain
import Engine
import HTTPServer
import JSON
import Store
import Wire

/// What workers ask for. Not people's API: each caller is a worker, which sees its own region's jobs and nothing else.
public enum WorkerOperation: String, Surface {
  case enroll, jobs, results, leases, leave, token

  public static let root = "/api/v1/worker/"
  public static let endsInSlash = true

  public var endpoint: Endpoint { Endpoint(.post, rawValue, .everyone) }
}

/// The workers' side of the control plane.
struct WorkerAPI: Sendable {
  private let context: WebContext
  private let fleet: FleetAccess
  private let table = RouteTable<WorkerOperation>()

  init(_ context: WebContext, _ fleet: FleetAccess) {
    self.context = context
    self.fleet = fleet
  }

  func answer(_ visit: Visit) async -> Response {
    do {
      switch table.match(method: visit.request.method, target: visit.request.target) {
      case .nothing: throw Problem.notFound
      case .wrongMethod(let allow): throw Problem.wrongMethod(allow: allow)
      case .found(let route): return try await answer(route.operation, visit)
      }
    } catch let error as WorkerMessage.Malformed {
      return Problem.invalid(error.pointer, error.detail).response
    } catch let refusal as WorkerGate.Refusal {
      return Self.problem(refusal).response
    } catch {
      return ProblemMapping.problem(error, context).response
    }
  }

  private func answer(_ operation: WorkerOperation, _ visit: Visit) async throws -> Response {
    if operation == .enroll {
      let asked = try Enrolment(JSONReader.parse(visit.request))
      return .json(try await fleet.gate.enroll(asked, address: visit.address).json, status: 201)
    }
    guard case .key(let token) = visit.credential, let worker = try await fleet.gate.identify(token) else {
      throw Self.unknownWorker
    }
    switch operation {
    case .enroll: throw Problem.notFound
    case .jobs: return try await jobs(worker, token, visit)
    case .results: return try await results(worker, visit)
    case .leases: return try await leases(worker, visit)
    case .leave:
      try await fleet.engine.leave(worker.key)
      return .noContent
    case .token:
      guard let new = try await fleet.gate.rotate(worker, token: token) else { throw Problem.notFound }
      return .json(["api_token": .string(new)], status: 201)
    }
  }

  private static let unknownWorker = Problem(
    401, "worker_unknown", "This worker's token is unknown or revoked; enroll again with a new token.")

  private func jobs(_ worker: WorkerRow, _ token: String, _ visit: Visit) async throws -> Response {
    let asked = try JobsRequest(JSONReader.parse(visit.request))
    let now = context.world.now()
    // A glance at the table tells people that it is alive; the engine knows by the second.
    if now - worker.seen >= Instant.minuteMs {
      do {
        try await context.store.write { try WorkerQueries.touch(worker.key, address: visit.address, at: now, in: $0) }
      } catch {
        // Work goes on while the store refuses.
        context.report("worker_touch", error)
      }
    }
    guard let bytes = await fleet.engine.claim(asked, for: worker.key, in: worker.region) else {
      throw Problem.unavailable("This control plane is ending; ask again.")
    }
    // It may have been revoked while it waited: what it was given just now goes to others.
    if asked.waitMs > 0, try await fleet.gate.identify(token) == nil {
      try await fleet.engine.leave(worker.key, isRevoked: true)
      throw Self.unknownWorker
    }
    return Response(status: 200, headers: [Header("content-type", "application/json")], body: bytes)
  }

  private func results(_ worker: WorkerRow, _ visit: Visit) async throws -> Response {
    let json = try JSONReader.parse(visit.request)
    guard let items = json["results"]?.array else {
      throw WorkerMessage.Malformed("/results", "must be an array")
    }
    guard items.count <= Limits.resultsPerDeliveryMax else {
      throw WorkerMessage.Malformed("/results", "has more than \(Limits.resultsPerDeliveryMax) members")
    }
    var answer = DeliveryAnswer()
    var delivered: [Delivered] = []
    for item in items {
      if let one = Delivered(item) {
        delivered.append(one)
      } else {
        answer.rejected.append(.init(job: String((item["job_id"]?.string ?? "").prefix(80)), code: "malformed"))
      }
    }
    let fates = await fleet.engine.deliver(delivered, from: worker.key, in: worker.region)
    guard !fates.contains(.busy) else {
      throw Problem.unavailable("The results cannot be stored now; deliver them again.")
    }
    for (one, fate) in zip(delivered, fates) {
      switch fate {
      case .accepted: answer.accepted += 1
      case .duplicate: answer.duplicates += 1
      case .stale: answer.stale += 1
      case .rejected, .busy: answer.rejected.append(.init(job: one.job.text, code: "unknown_job"))
      }
    }
    return .json(answer.json)
  }

  private func leases(_ worker: WorkerRow, _ visit: Visit) async throws -> Response {
    let json = try JSONReader.parse(visit.request)
    guard let items = json["leases"]?.array, items.count <= Limits.leasesHeldMax else {
      throw WorkerMessage.Malformed("/leases", "must be an array of at most \(Limits.leasesHeldMax)")
    }
    let refs = items.compactMap { LeaseRef($0, worker: worker.key) }
    let lost = Set(try await fleet.engine.renew(refs))
    return .json([
      "renewed": .array(refs.filter { !lost.contains($0) }.map(\.json)), "lost": .array(lost.map(\.json)),
    ])
  }

  private static func problem(_ refusal: WorkerGate.Refusal) -> Problem {
    switch refusal {
    case .tokenWrong:
      Problem(
        401, "token_wrong", "The token is wrong, used up, expired or revoked; make a new one on the regions page.")
    case .regionWrong(let sentence): Problem(403, "region_wrong", sentence)
    case .organizationFull:
      Problem(
        403, "too_many_workers",
        "The organization's own regions have \(Limits.workersPerOrganizationMax) workers; revoke one that is gone first."
      )
    case .installationFull:
      Problem(
        403, "too_many_workers",
        "This installation has as many workers as it takes; its operator has to revoke some that are gone.")
    case .tooManyAttempts(let seconds): .tooMany(retryAfterS: seconds, "Too many attempts; wait and try again.")
    }
  }
}
