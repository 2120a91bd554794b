import Domain
import Engine
@_spi(Minting) import Store

/// People edit monitors while everything runs.
extension Run {
  private var principal: Principal {
    Principal(minting: .system, publicID: nil, name: "simulation", address: nil)
  }

  func edit(_ n: Int) async throws {
    // There is nobody to take it; it is tried again.
    guard let engine else { return plan(.edit(n), at: now + Instant.minuteMs) }
    let edit = edits.all[n]
    let monitor = edit.monitor
    // One that had to wait may come after the deletion: there is nothing to edit any more.
    guard timelines[monitor].deletedAt == nil else { return }
    let (scope, principal, world) = (scope, principal, clock.world)
    for w in workers.indices {
      await rouse(w)
      workers[w].mustAsk = true
    }
    note(.edited, monitor: MonitorID(Int64(monitor) + 1), Int64(n))
    switch edit.change {
    case .create:
      let new = settings[monitor]
      publicIDs[monitor] = try await store.write { [store] db in
        try MonitorQueries.create(new, scope: scope, by: principal, in: db, world: world, sealer: store.sealer)
      }
      timelines[monitor].change(new, at: now)
    case .delete:
      guard let id = publicIDs[monitor] else { return }
      _ = try await store.write { [store] db in
        try IncidentFlow.deleteMonitor(id, scope: scope, by: principal, in: db, world: world, sealer: store.sealer)
      }
      timelines[monitor].delete(at: now)
    default:
      guard let id = publicIDs[monitor] else { return }
      let new = edited(settings[monitor], edit.change, n)
      settings[monitor] = new
      _ = try await store.write { [store] db in
        try MonitorQueries.update(id, to: new, scope: scope, by: principal, in: db, world: world, sealer: store.sealer)
      }
      timelines[monitor].change(new, at: now)
    }
    await engine.edited([MonitorID(Int64(monitor) + 1)])
    try await follow()
  }

  private func edited(_ settings: MonitorSettings, _ change: Edit.Change, _ n: Int) -> MonitorSettings {
    var new = settings
    switch change {
    case .interval(let s):
      new.intervalS = s
      new.timeoutMs = min(new.timeoutMs, s * 1000)
    case .attempts(let attempts): new.attempts = attempts
    case .regions(let regions): new.regions = regions.map(scenario.regionName)
    case .rename: new.name = "monitor \(n)"
    case .pause: new.enabled = false
    case .resume: new.enabled = true
    case .delete, .create: break
    }
    return new
  }
}
