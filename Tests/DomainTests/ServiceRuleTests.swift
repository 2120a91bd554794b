import Domain
import Testing

@Test(
  "a service follows its monitors",
  arguments: [
    ([], .operational, nil), ([.up], .major, .operational), ([.up, .down], .operational, .major),
    ([.down, .degraded], .operational, .major), ([.degraded, .up], .operational, .degraded),
    ([.unconfirmed], .operational, .operational), ([.unconfirmed], .degraded, .degraded),
    ([.unconfirmed, .up], .degraded, .degraded), ([.unconfirmed, .down], .operational, .major),
    ([.unknown], .major, .major), ([.unknown], .operational, .operational),
    ([.unknown, .up], .operational, .operational),
    ([.paused], .major, nil), ([.pending], .operational, nil), ([.paused, .up], .degraded, .operational),
  ] as [([MonitorStatus], ServiceStatus, ServiceStatus?)])
func follows(monitors: [MonitorStatus], current: ServiceStatus, expected: ServiceStatus?) {
  #expect(ServiceRule.state(monitors, current: current) == expected)
}

@Test(
  "nothing counts as seen without a fresh check",
  arguments: [
    ([.up], 0, .fresh), ([.down], 60_000, .fresh), ([.up], 60_001, .stale), ([.up], nil, .stale),
    ([.unknown], 0, .stale),
    ([.up, .unknown], 0, .stale), ([], 0, .none), ([.pending, .paused], 0, .none), ([.pending, .up], 0, .fresh),
  ] as [([MonitorStatus], Int64?, Observed)])
func observed(monitors: [MonitorStatus], silenceMs: Int64?, expected: Observed) {
  let now = Instant(ms: 1_000_000)
  #expect(ServiceRule.observed(monitors, engineSeen: silenceMs.map { now - $0 }, now: now) == expected)
}

@Test("an incident moves a service only to something worse")
func onlyWorse() {
  let allowed: Set<[ServiceStatus]> = [
    [.operational, .degraded], [.operational, .partial], [.operational, .major], [.degraded, .partial],
    [.degraded, .major], [.partial, .major],
  ]
  for from in ServiceStatus.allCases {
    for to in ServiceStatus.allCases {
      #expect(IncidentRules.mayMove(from: from, to: to) == allowed.contains([from, to]), "\(from) to \(to)")
    }
  }
}

@Test("an incident goes forward, and a resolved one goes nowhere")
func forward() {
  let order = IncidentStatus.allCases
  for (i, from) in order.enumerated() {
    for (j, to) in order.enumerated() {
      #expect(IncidentRules.mayGo(from: from, to: to) == (j >= i && from != .resolved), "\(from) to \(to)")
    }
  }
}

@Test(
  "after an incident the newest other one rules, then the monitors, then nothing is wrong",
  arguments: [
    (.major, .degraded, .major, .degraded), (.major, nil, .degraded, .degraded), (.major, nil, nil, .operational),
    (.maintenance, .major, .major, .maintenance),
  ] as [(ServiceStatus, ServiceStatus?, ServiceStatus?, ServiceStatus)])
func ended(current: ServiceStatus, open: ServiceStatus?, monitors: ServiceStatus?, expected: ServiceStatus) {
  #expect(IncidentRules.afterEnd(current: current, newestOpen: open, monitors: monitors) == expected)
}

@Test(
  "good news from a monitor waits for the incident and for the person",
  arguments: [
    (.degraded, false, false, .operational, .operational), (.degraded, true, false, .operational, .degraded),
    (.partial, false, true, .operational, .partial), (.partial, false, true, .major, .major),
    (.degraded, true, false, .major, .major), (.maintenance, false, false, .major, .maintenance),
    (.major, false, false, nil, .operational),
  ] as [(ServiceStatus, Bool, Bool, ServiceStatus?, ServiceStatus)])
func moved(current: ServiceStatus, open: Bool, byHand: Bool, monitors: ServiceStatus?, expected: ServiceStatus) {
  #expect(
    IncidentRules.afterMonitor(current: current, hasOpenIncident: open, isSetByHand: byHand, monitors: monitors)
      == expected)
}
