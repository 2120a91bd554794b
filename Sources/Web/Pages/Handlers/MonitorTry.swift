import Domain
import Engine
import HTML
import Store

/// The form's button "Try it once": one check of what is typed, nothing saved.
enum MonitorTry {
  /// No outcome, and the reason over the form, when too many were tried.
  static func run(
    _ settings: MonitorSettings, _ form: MonitorForm, _ request: PageRequest
  ) async throws -> (outcome: TryOutcome?, form: MonitorForm) {
    do {
      let seen = try await request.context.tryOnce(settings, try request.person.scope)
      return (TryOutcome(seen), form)
    } catch let busy as TryOnce.Busy {
      var form = form
      form.errors[""] = "Too many tries. Try again in \(Format.count(busy.afterS, "second"))."
      return (nil, form)
    }
  }
}

extension TryOutcome {
  init(_ seen: TryOnce.Seen) {
    let observation = seen.observation
    let total = Int64(observation.timing.totalUs)
    let phases = Phases(observation.timing)
    let answer = observation.httpStatus.map { "HTTP \($0)" } ?? "No answer"
    self.init(
      state: State(seen.status),
      sentence: observation.failure?.message ?? "\(answer) in \(Format.microseconds(total)), from here.",
      waterfall: phases.sum == 0
        ? nil
        : Waterfall(
          of: "\(Format.clockSeconds(observation.startedAt.ms)) UTC", hops: Self.hops(observation, answer),
          totalUs: total))
  }

  private static func hops(_ observation: Observation, _ answer: String) -> [Waterfall.Hop] {
    let hops = observation.evidence?.hops ?? []
    guard hops.count > 1 else {
      let from = observation.remoteAddress.map { " from \($0)" } ?? ""
      return [.init(title: answer + from, phases: Phases(observation.timing))]
    }
    return hops.map { hop in
      .init(title: (hop.status.map { "HTTP \($0) from " } ?? "No answer from ") + hop.url, phases: Phases(hop.timing))
    }
  }
}

extension MonitorForm {
  /// With who is told and which services it decides, as they are now.
  func knowing(_ monitor: MonitorID?, _ request: PageRequest) async throws -> MonitorForm {
    let scope = try request.person.scope
    let now = request.now
    let (channels, services, dependencies) = try await request.store.read { [dependencies] db in
      var dependencies = dependencies
      try dependencies.load(except: monitor, scope: scope, in: db)
      return (
        try ChannelQueries.list(scope: scope, in: db), try ServiceQueries.list(scope: scope, in: db, now: now),
        dependencies
      )
    }
    var form = self
    form.dependencies = dependencies
    form.channels = channels.map { Tick(id: $0.publicID.text, name: $0.name, isOn: $0.enabled) }
    form.services = services.map { service in
      Tick(
        id: service.publicID.text, name: service.name,
        isOn: monitor.map { id in service.monitors.contains { $0.id == id } } ?? false)
    }
    return form
  }
}
