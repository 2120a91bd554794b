import Domain
import Engine
import HTML
import HTTPServer
import Store

/// What visitors see, and whether they do.
enum StatusPageSettings {
  static let routes: [PageRoute] = [
    .get("/status-pages", .session) { try await show($0, typed: nil, errors: [:]) },
    .post("/status-pages", .write, save),
  ]

  private typealias Typed = (
    name: String, slug: String, description: String, isPublished: Bool, services: [String], places: [String: String]
  )

  private struct Found: Sendable {
    let page: StatusPageRow
    /// On the page, in its order.
    let shown: [PublicID<ServiceTag>]
    let all: [ServiceRow]
  }

  /// An organization has one page.
  private static func find(_ request: PageRequest) async throws -> Found {
    let known = try request.person
    let now = request.now
    let found = try await request.store.read { db -> Found? in
      guard let page = try StatusPageQueries.list(scope: known.scope, in: db).first else { return nil }
      return Found(
        page: page, shown: try StatusPageQueries.services(of: page.id, scope: known.scope, in: db),
        all: try ServiceQueries.list(scope: known.scope, in: db, now: now))
    }
    guard let found else { throw Problem.notFound }
    return found
  }

  private static func show(_ request: PageRequest, typed: Typed?, errors: FormErrors) async throws -> Response {
    let found = try await find(request)
    let chosen = typed?.services ?? found.shown.map(\.text)
    let names = Dictionary(found.all.map { ($0.publicID.text, $0.name) }, uniquingKeysWith: { first, _ in first })
    let places =
      typed?.places
      ?? Dictionary(
        chosen.enumerated().map { ($0.element, String($0.offset + 1)) }, uniquingKeysWith: { first, _ in first })
    let ids = chosen + found.all.map(\.publicID.text).filter { !chosen.contains($0) }
    let choices = ids.compactMap { id in
      names[id].map { ShownServices.Choice(id: id, name: $0, isOn: chosen.contains(id), place: places[id] ?? "") }
    }
    let origin = request.context.settings.baseURL ?? request.visit.origin
    let paths = PublicPaths(base: Paths.publicPage(found.page.slug))
    let page = StatusPageSettingsPage(
      frame: try await FrameMaker.frame(request), slug: found.page.slug, address: origin + paths.page,
      badgeAddress: origin + paths.badge, isPublished: found.page.isPublic, services: found.shown.count,
      form: (
        typed?.name ?? found.page.name, typed?.slug ?? found.page.slug, typed?.description ?? found.page.description,
        typed?.isPublished ?? found.page.isPublic
      ), choices: choices, errors: errors)
    return .page(page.render(), status: errors.isEmpty ? 200 : 422)
  }

  @Sendable private static func save(_ request: PageRequest) async throws -> Response {
    let known = try request.person
    let form = try request.form()
    let found = try await find(request)
    let places = Dictionary(
      found.all.map { ($0.publicID.text, form.text(ShownServices.field($0.publicID.text))) },
      uniquingKeysWith: { first, _ in first })
    let typed: Typed = (
      form.text("name"), form.text("slug"), form.text("description"), form.isOn("is_published"), form.all("service"),
      places
    )
    var errors: FormErrors = [:]
    if let problem = FormRules.name(typed.name) { errors["name"] = problem }
    if typed.slug != found.page.slug, !Slug.isAcceptable(typed.slug) {
      errors["slug"] = "Use lower-case letters, digits and single hyphens; words of the product's own are taken."
    }
    if typed.description.count > 500 { errors["description"] = "Use at most 500 characters." }
    let services = ShownServices.ordered(typed.services) { places[$0] ?? "" }
    if services == nil { errors["service"] = "A place is a whole number from 1 to 999." }
    guard errors.isEmpty, let services else { return try await show(request, typed: typed, errors: errors) }
    let draft = StatusPageDraft(
      slug: typed.slug, name: typed.name, description: typed.description, isPublic: typed.isPublished,
      services: services.compactMap { PublicID<ServiceTag>($0) })
    do {
      try await request.store.write { [world = request.context.world] db in
        guard let page = try StatusPageQueries.find(found.page.publicID, scope: known.scope, in: db) else {
          throw Problem.notFound
        }
        try StatusPageQueries.update(
          page, to: draft, scope: known.scope, by: known.principal, in: db, world: world)
      }
    } catch is SlugTaken {
      return try await show(request, typed: typed, errors: ["slug": "Another page has this address."])
    } catch is UnknownReference {
      return try await show(request, typed: typed, errors: ["service": "One of the services is gone. Choose again."])
    }
    return .seeOther(Paths.statusPages + "?done=saved")
  }
}
