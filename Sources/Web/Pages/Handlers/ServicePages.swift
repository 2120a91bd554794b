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
    let known = try request.person
    let frame = try await FrameMaker.frame(request)
    let store = request.store
    var form = form
    let chosen = Set(form.monitors.filter(\.isOn).map(\.id))
    var filter = MonitorFilter()
    filter.text = request.query["q"]?.trimmed ?? ""
    filter.sort = .name
    filter.rows = 50
    let (total, rows) = try await store.read { [filter] db in
      try MonitorQueries.list(filter, scope: known.scope, in: db, sealer: store.sealer)
    }
    form.search = filter.text
    form.totalMonitors = total
    form.monitors = rows.map {
      MonitorForm.Tick(id: $0.publicID.text, name: $0.settings.name, isOn: chosen.contains($0.publicID.text))
    }
    return .page(NewServicePage(frame: frame, form: form).render(), status: status)
  }

  @Sendable private static func create(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let fields = try request.form()
    var form = ServiceForm()
    form.name = fields.text("name")
    form.description = fields.text("description")
    form.isShown = fields.isOn("is_active")
    form.monitors = fields.all("monitor").map { MonitorForm.Tick(id: $0, name: "", isOn: true) }
    if form.name.isEmpty || form.name.count > Limits.nameCharactersMax {
      form.errors["name"] = "Give a name of at most \(Limits.nameCharactersMax) characters."
    }
    if form.description.count > 500 { form.errors["description"] = "Use at most 500 characters." }
    guard form.errors.isEmpty else { return try await new(request, form, status: 422) }
    let draft = ServiceDraft(
      name: form.name, description: form.description, isActive: form.isShown,
      monitors: form.monitors.compactMap { PublicID<MonitorTag>($0.id) })
    let world = request.context.world
    do {
      _ = try await request.store.write { db in
        try ServiceDesk(scope: known.scope, by: known.principal, in: db, world: world).create(draft, state: .byMonitors)
      }
    } catch is UnknownReference {
      form.errors[""] = "One of the monitors is gone. Choose again."
      return try await new(request, form, status: 422)
    }
    return .seeOther(Paths.services + "?done=saved")
  }
}
