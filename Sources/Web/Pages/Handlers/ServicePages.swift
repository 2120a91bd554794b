import Domain
import Engine
import HTML
import HTTPServer
import SQLite
import Store

/// What visitors rely on: the list of services, and making one from monitors.
enum ServicePages {
  static let routes: [PageRoute] = [
    .get("/services", .session, list),
    .get("/services/new", .write) { try await new($0, ServiceForm(), status: 200) },
    .post("/services/new", .write, create),
    .get("/services/{id}", .session) { try await show($0, typed: nil, chosen: "", status: 200) },
    .post("/services/{id}", .write, update),
    .post("/services/{id}/delete") { request in
      let known = try request.person
      let id = try request.id(PublicID<ServiceTag>.self)
      let world = request.context.world
      do {
        try await request.store.write { db in
          try ServiceDesk(scope: known.scope, by: known.principal, in: db, world: world).delete(id)
        }
      } catch let refusal as IncidentRefusal where refusal == .notFound {
        throw Problem.notFound
      }
      return .seeOther(Paths.services + "?done=deleted")
    },
  ]

  @Sendable private static func list(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let frame = try await FrameMaker.frame(request)
    let now = request.now
    let page = try await request.store.read { db in
      let rows = try ServiceQueries.list(scope: known.scope, in: db, now: now).map { row in
        let (days, uptime) = try PublicPages.days(row.monitors.map(\.id), now: now, in: db)
        return ServiceListPage.Row(
          id: row.publicID.text, name: row.name, description: row.description, state: State(row.status),
          observed: row.observed.rawValue, monitors: row.monitors.count, isShown: row.isActive, days: days,
          uptime: uptime)
      }
      return ServiceListPage(frame: frame, rows: rows, today: now.ms)
    }
    return .page(page.render())
  }

  private static func new(_ request: PageRequest, _ form: ServiceForm, status: Int) async throws -> Response {
    let frame = try await FrameMaker.frame(request)
    let form = try await withMonitors(form, request)
    return .page(NewServicePage(frame: frame, form: form).render(), status: status)
  }

  /// The form with monitors to choose from: those that are chosen, then those that match the search, by name.
  private static func withMonitors(_ form: ServiceForm, _ request: PageRequest) async throws -> ServiceForm {
    let known = try request.person
    let store = request.store
    var form = form
    let chosen = form.monitors.filter(\.isOn).map(\.id)
    var filter = MonitorFilter()
    filter.text = request.query["q"]?.trimmed ?? ""
    filter.sort = .name
    filter.rows = 50
    let now = request.now
    let (total, found, kept) = try await store.read { [filter] db in
      let (total, rows) = try MonitorQueries.list(filter, scope: known.scope, in: db, sealer: store.sealer, now: now)
      let kept = try chosen.compactMap { id in
        try PublicID<MonitorTag>(id).flatMap {
          try MonitorQueries.find($0, scope: known.scope, in: db, sealer: store.sealer)
        }
      }
      return (total, rows, kept)
    }
    form.search = filter.text
    let others = found.filter { row in !kept.contains { $0.id == row.id } }
    form.monitors =
      kept.map { MonitorForm.Tick(id: $0.publicID.text, name: $0.settings.name, isOn: true) }
      + others.map { MonitorForm.Tick(id: $0.publicID.text, name: $0.settings.name, isOn: false) }
    form.totalMonitors = max(total, form.monitors.count)
    return form
  }

  private static func show(
    _ request: PageRequest, typed: ServiceForm?, chosen: String, status: Int
  ) async throws -> Response {
    let known = try request.person
    let id = try request.id(PublicID<ServiceTag>.self)
    let now = request.now
    let found = try await request.store.read { db -> (ServiceRow, [Day], Double?, String?)? in
      guard let row = try ServiceQueries.find(id, scope: known.scope, in: db, now: now) else { return nil }
      let (days, uptime) = try PublicPages.days(row.monitors.map(\.id), now: now, in: db)
      return (row, days, uptime, try IncidentQueries.newestOpenTitle(of: row.id, scope: known.scope, in: db))
    }
    guard let (row, days, uptime, incident) = found else { throw Problem.notFound }
    var form = typed ?? ServiceForm()
    if typed == nil {
      form.name = row.name
      form.description = row.description
      form.isShown = row.isActive
      form.monitors = row.monitors.map { MonitorForm.Tick(id: $0.publicID.text, name: "", isOn: true) }
    }
    form = try await withMonitors(form, request)
    let page = ServicePage(
      frame: try await FrameMaker.frame(request), id: id.text, name: row.name, state: State(row.status),
      why: why(row, incident: incident), days: days, uptime: uptime, today: now.ms, form: form,
      nextStates: ServiceStatus.allCases.filter { $0 != row.status }.map {
        .init(value: $0.rawValue, label: $0.display)
      } + (row.isSetByHand ? [.init(value: "monitors", label: "as its monitors say")] : []), chosenState: chosen)
    return .page(page.render(), status: status)
  }

  private static func why(_ row: ServiceRow, incident: String?) -> String {
    // What a person set after the incident began is not the incident's doing.
    if row.isSetByHand { return "Set by hand; it follows its monitors again when they change." }
    if let incident { return "Because of the incident “\(incident)”." }
    if row.monitors.isEmpty { return "No monitor watches it: people set its state." }
    return "It follows \(Format.count(row.monitors.count, "monitor"))."
  }

  @Sendable private static func update(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let id = try request.id(PublicID<ServiceTag>.self)
    let fields = try request.form()
    var form = read(fields)
    let chosen = fields.text("status")
    let state: ServiceDesk.State
    if chosen.isEmpty {
      state = .asItIs
    } else if chosen == "monitors" {
      state = .byMonitors
    } else if let status = ServiceStatus(rawValue: chosen) {
      state = .set(status)
    } else {
      state = .asItIs
      form.errors["status"] = "Choose a state."
    }
    guard form.errors.isEmpty else { return try await show(request, typed: form, chosen: chosen, status: 422) }
    let draft = draft(form)
    let world = request.context.world
    do {
      _ = try await request.store.write { db in
        try ServiceDesk(scope: known.scope, by: known.principal, in: db, world: world)
          .update(id, to: draft, state: state)
      }
    } catch let refusal as IncidentRefusal where refusal == .notFound {
      throw Problem.notFound
    } catch is UnknownReference {
      form.errors[""] = "One of the monitors is gone. Choose again."
      return try await show(request, typed: form, chosen: chosen, status: 422)
    }
    return .seeOther(Paths.service(id.text) + "?done=saved")
  }

  private static func read(_ fields: FormFields) -> ServiceForm {
    var form = ServiceForm()
    form.name = fields.text("name")
    form.description = fields.text("description")
    form.isShown = fields.isOn("is_active")
    form.monitors = fields.all("monitor").map { MonitorForm.Tick(id: $0, name: "", isOn: true) }
    if let problem = FormRules.name(form.name) { form.errors["name"] = problem }
    if form.description.count > 500 { form.errors["description"] = "Use at most 500 characters." }
    if form.monitors.count > Limits.monitorsPerServiceMax {
      form.errors["monitor"] = "Choose at most \(Limits.monitorsPerServiceMax)."
    }
    return form
  }

  private static func draft(_ form: ServiceForm) -> ServiceDraft {
    ServiceDraft(
      name: form.name, description: form.description, isActive: form.isShown,
      monitors: form.monitors.compactMap { PublicID<MonitorTag>($0.id) })
  }

  @Sendable private static func create(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    var form = read(try request.form())
    guard form.errors.isEmpty else { return try await new(request, form, status: 422) }
    let draft = draft(form)
    let world = request.context.world
    do {
      _ = try await request.store.write { db in
        try ServiceDesk(scope: known.scope, by: known.principal, in: db, world: world).create(draft, state: .byMonitors)
      }
    } catch is UnknownReference {
      form.errors[""] = "One of the monitors is gone. Choose again."
      return try await new(request, form, status: 422)
    } catch is ServiceDesk.TooMany {
      form.errors[""] = "An organization has at most \(Limits.servicesPerOrganizationMax) services."
      return try await new(request, form, status: 422)
    }
    return .seeOther(Paths.services + "?done=saved")
  }
}
