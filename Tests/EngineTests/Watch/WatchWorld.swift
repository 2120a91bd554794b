import Domain
import Probe
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable @_spi(Minting) import Store

/// Takes the place of the probe's thread: keeps what it was handed and reports what the test says.
final class ScriptedProber: Prober {
  private struct State {
    var runs: [ProbeRun] = []
    var cancelled: Set<UInt64> = []
    var stopped = false
    var statistics = ProbeEngine.Statistics()
  }

  private let state = Mutex(State())
  private let sink: @Sendable ([ProbeReport]) -> Void
  private let clock: TestWorld

  init(clock: TestWorld, sink: @escaping @Sendable ([ProbeReport]) -> Void) {
    self.clock = clock
    self.sink = sink
  }

  func submit(_ runs: [ProbeRun]) { state.withLock { $0.runs += runs } }
  func cancel(_ tokens: [UInt64]) { state.withLock { $0.cancelled.formUnion(tokens) } }
  func stop() { state.withLock { $0.stopped = true } }
  var statistics: ProbeEngine.Statistics {
    get { state.withLock { $0.statistics } }
    set { state.withLock { $0.statistics = newValue } }
  }

  var waiting: Int { state.withLock { state in state.runs.count { !state.cancelled.contains($0.token) } } }
  var cancelled: Int { state.withLock { $0.cancelled.count } }

  /// Runs whose time has come, taken out of the prober's hands.
  func due() -> [ProbeRun] {
    let now = UInt64(clock.now.ms) * 1_000_000
    return state.withLock { state in
      let due = state.runs.filter { $0.dueNs <= now && !state.cancelled.contains($0.token) }
      state.runs.removeAll { $0.dueNs <= now }
      return due
    }
  }

  func report(_ run: ProbeRun, _ status: CheckStatus, lateMs: Int32 = 0) {
    sink([Self.made(run, status, clock, lateMs)])
  }

  /// Answers everything that is due; returns how many that were.
  @discardableResult
  func answer(_ status: CheckStatus = .up, lateMs: Int32 = 0, isOwnTrouble: Bool = false) -> Int {
    let runs = due()
    let reports = runs.map { run in
      var made = Self.made(run, status, clock, lateMs)
      made.isOwnTrouble = isOwnTrouble
      return made
    }
    if !runs.isEmpty { sink(reports) }
    return runs.count
  }

  private static func made(_ run: ProbeRun, _ status: CheckStatus, _ clock: TestWorld, _ lateMs: Int32) -> ProbeReport {
    var seen = Observation(startedAt: Instant(ms: Int64(min(run.dueNs, UInt64(clock.now.ms) * 1_000_000) / 1_000_000)))
    seen.timing.totalUs = 20_000
    if status == .down { seen.failure = Failure(.connectRefused, .connect, "connection refused") }
    return ProbeReport(
      token: run.token, attempt: run.firstAttempt, isFinal: true, startedNs: run.dueNs, lateMs: lateMs, status: status,
      observation: seen)
  }
}

/// An engine over a store of its own, a clock moved by hand and a scripted prober.
final class WatchWorld: Sendable {
  let test: TestStore
  let scope = TenantScope(minting: OrganizationID(1))
  let principal = Principal(minting: .account, publicID: "usr_1", name: "Ines", address: nil)
  private let made = Mutex<(engine: Engine, prober: ScriptedProber)?>(nil)
  let reported = Mutex<[String]>([])
  let onChange: Engine.OnChange
  let samples = Mutex<[LiveSample]>([])

  var engine: Engine { made.withLock { $0!.engine } }
  var prober: ScriptedProber { made.withLock { $0!.prober } }

  let onSlotAlarm: Engine.OnSlotAlarm

  init(
    onChange: @escaping Engine.OnChange = { _, _ in }, onSlotAlarm: @escaping Engine.OnSlotAlarm = { _, _ in }
  ) async throws {
    test = try TestStore()
    self.onSlotAlarm = onSlotAlarm
    self.onChange = onChange
    _ = try await test.store.write { db in
      try db.run(
        "INSERT INTO organization (id, public_id, name, slug, created_ms, updated_ms) VALUES (1, 'org_1', 'H', 'h', 0, 0)"
      )
    }
  }

  func start() async throws {
    let clock = test.clock
    let box = Mutex<ScriptedProber?>(nil)
    let holder = Holder(box: box)
    let engine = Engine(
      store: test.store,
      probe: { _, sink in
        let prober = ScriptedProber(clock: clock, sink: sink)
        holder.box.withLock { $0 = prober }
        return prober
      }, onChange: onChange, onSample: { [weak self] sample in self?.samples.withLock { $0.append(sample) } },
      onSlotAlarm: onSlotAlarm,
      report: { [weak self] event, detail in self?.reported.withLock { $0.append("\(event): \(detail)") } })
    try await engine.start()
    let prober = try #require(holder.box.withLock { $0 })
    made.withLock { $0 = (engine, prober) }
  }

  private final class Holder: Sendable {
    let box: Mutex<ScriptedProber?>
    init(box: consuming Mutex<ScriptedProber?>) { self.box = box }
  }

  /// As after `kill -9`: nothing is handed back, nothing more is stored.
  func crash() async { await engine.abandon() }

  @discardableResult
  func monitor(
    _ name: String = "API", url: String = "http://example.test/", intervalS: Int = 60, attempts: Int = 2,
    change: (inout MonitorSettings) -> Void = { _ in }
  ) async throws -> MonitorID {
    var settings = MonitorSettings(name: name, url: url)
    settings.intervalS = intervalS
    settings.attempts = attempts
    settings.timeoutMs = 1000
    change(&settings)
    let store = test.store
    return try await store.write { [scope, principal, settings] db in
      let id = try MonitorQueries.create(
        settings, scope: scope, by: principal, in: db, world: store.world, sealer: store.sealer)
      return try #require(try MonitorQueries.find(id, scope: scope, in: db, sealer: store.sealer)).id
    }
  }

  /// One of the installation's, or of an organization.
  func region(_ id: RegionID, _ name: String, of organization: Int64? = nil) async throws {
    _ = try await test.store.write { db in
      try db.run(
        "INSERT INTO region (id, public_id, name, organization_id, created_ms) VALUES ($1, $2, $3, $4, 0)",
        [.int(id.raw), .text("reg_\(id.raw)"), .text(name), organization.map { .int($0) } ?? .null])
    }
  }

  /// Returns when the engine has taken over what was created meanwhile.
  func heard() async throws {
    let wanted = try await count("SELECT count(*) FROM monitor")
    while await engine.statistics.monitors < wanted { await Task.yield() }
  }

  /// Moves the clock in steps of a second; at each the engine turns and the prober answers.
  func run(seconds: Int, _ status: CheckStatus = .up) async throws {
    for _ in 0..<seconds {
      test.clock.advance(ms: 1000)
      await engine.turn()
      if prober.answer(status) > 0 { await engine.drained() }
    }
  }

  func status(_ id: MonitorID) async throws -> MonitorStatus {
    try await test.store.read { db in
      try #require(
        try db.first("SELECT status FROM monitor WHERE id = $1", [.int(id.raw)]) { MonitorStatus(code: $0.int(0)) }
          ?? nil)
    }
  }

  func count(_ sql: String) async throws -> Int {
    try await test.store.read { try $0.first(sql) { Int($0.int(0)) } ?? -1 }
  }
}
