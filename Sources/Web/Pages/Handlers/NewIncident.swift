import Domain
import Engine
import HTML
import HTTPServer
import Store

/// What the form of a new incident holds, as typed.
struct NewIncidentDraft: Sendable {
  var title = ""
  var message = ""
  var status = IncidentStatus.investigating
  var services: [String] = []
  var impact = "major"
  var errors: FormErrors = [:]
}

/// Opening an incident by hand.
extension IncidentPages {
  static func new(_ request: PageRequest, _ draft: NewIncidentDraft) async throws -> Response {
    let known = try request.person
    let now = request.now
    let services = try await request.store.read { try ServiceQueries.list(scope: known.scope, in: $0, now: now) }
    // A service that a person came from is chosen already.
    let chosen = draft.services.isEmpty ? [request.query["service"] ?? ""] : draft.services
    let page = NewIncidentPage(
      frame: try await FrameMaker.frame(request), incidentTitle: draft.title, message: draft.message,
      status: draft.status,
      services: services.map {
        MonitorForm.Tick(id: $0.publicID.text, name: $0.name, isOn: chosen.contains($0.publicID.text))
      }, impact: draft.impact, errors: draft.errors)
    return .page(page.render(), status: draft.errors.isEmpty ? 200 : 422)
  }

  @Sendable static func open(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let form = try request.form()
    var draft = NewIncidentDraft(
      title: form.text("title"), message: form.text("message"), services: form.all("service"),
      impact: form.text("impact"))
    if TextRule.problem(draft.title, 1...Limits.incidentTitleCharactersMax, lines: false) != nil {
      draft.errors["title"] = "Say what people see, in at most \(Limits.incidentTitleCharactersMax) characters."
    }
    if draft.message.isEmpty || draft.message.count > Limits.proseCharactersMax {
      draft.errors["message"] =
        draft.message.isEmpty ? "Say what is known now." : "Use at most \(Limits.proseCharactersMax) characters."
    }
    if let status = IncidentStatus(rawValue: form.text("status")), status != .resolved {
      draft.status = status
    } else {
      draft.errors["status"] = "Choose a state."
    }
    if draft.services.count > Limits.servicesPerIncidentMax {
      draft.errors["service"] = "Choose at most \(Limits.servicesPerIncidentMax)."
    }
    let impact = ServiceStatus(rawValue: draft.impact)
    if impact == nil { draft.errors["impact"] = "Choose how bad it is." }
    guard draft.errors.isEmpty, let impact, let status = Domain.IncidentStatus(rawValue: draft.status.rawValue) else {
      return try await new(request, draft)
    }
    let services = draft.services.compactMap { PublicID<ServiceTag>($0) }.map { (id: $0, to: impact) }
    let now = request.now
    let opening = IncidentDesk.Opening(
      title: draft.title, description: "", status: status, message: draft.message, startedAt: now, services: services)
    let world = request.context.world
    do {
      let made = try await request.store.write { db in
        try IncidentDesk(scope: known.scope, by: known.principal, in: db, world: world).open(opening)
      }
      return .seeOther(Paths.incident(made.publicID.text) + "?done=posted")
    } catch IncidentRefusal.cannotMove(let index, let from, let to) {
      let id = services[index].id
      let service = try await request.store.read { try ServiceQueries.find(id, scope: known.scope, in: $0, now: now) }
      draft.errors["impact"] =
        "\(service?.name ?? "A service") is \(from.display.lowercased()) now: an incident does not make it \(to.display.lowercased())."
    } catch is IncidentRefusal {
      draft.errors["service"] = "One of the services is gone. Choose again."
    }
    return try await new(request, draft)
  }
}
