import Domain
import HTTPServer
import JSON

/// What answers below the places that this target answers itself: live streams and pages plug in here.
public struct WebExtensions: Sendable {
  /// On the loop: a public page's cached bytes.
  public var cached: @Sendable (RequestHead) -> CachedResponse? = { _ in nil }
  /// `/ws/…` and `/events/…`; nil where there is nothing.
  public var live: @Sendable (Visit) async -> Response? = { _ in nil }
  /// Every other path; nil where there is nothing.
  public var page: @Sendable (Visit) async -> Response? = { _ in nil }

  public init() {}
}

/// The product's answer to every request.
public final class WebHandler: RequestHandler {
  private let context: WebContext
  private let api: API
  private let workers: WorkerAPI?
  private let metrics: MetricsText
  private let extensions: WebExtensions

  public init(_ context: WebContext, extensions: WebExtensions = WebExtensions()) {
    self.context = context
    self.extensions = extensions
    api = API(context)
    workers = context.fleet.map { WorkerAPI(context, $0) }
    metrics = MetricsText(context: context)
  }

  public func cached(_ head: RequestHead) -> CachedResponse? { extensions.cached(head) }

  /// Forms and public reads are small; only the API takes a megabyte.
  public func bodyBytesMax(_ head: RequestHead) -> Int {
    if head.method == "GET" || head.method == "HEAD" { return 0 }
    if head.target.hasPrefix(WorkerOperation.results.path()), head.hasCookieOrAuthorization {
      return Limits.deliveryBytesMax
    }
    return head.target.hasPrefix(APIOperation.root) ? Limits.apiBodyBytesMax : Limits.formBytesMax
  }

  /// Workers wait for jobs: were they counted with people's requests, a large fleet would leave no room for anybody.
  public func mayWait(_ head: RequestHead) -> Bool {
    head.target.hasPrefix(WorkerOperation.jobs.path().dropLast())
  }

  public func respond(to request: Request) async -> Response {
    let visit = Visit(request, settings: context.settings)
    var response = await answer(visit)
    SecurityHeaders.add(to: &response, isSecure: visit.isSecure)
    return response
  }

  private func answer(_ visit: Visit) async -> Response {
    let target = visit.request.target
    let path = target.prefix { $0 != "?" }
    if path.hasPrefix(WorkerOperation.root), let workers { return await workers.answer(visit) }
    if path == "/metrics", Gatekeeper.isRead(visit.request.method) {
      return await metrics.answer(visit)
    }
    if path.hasPrefix("/api/") { return await api.answer(visit) }
    if path.hasPrefix("/assets/") { return asset(path, visit) }
    if path.hasPrefix("/ws/") || path.hasPrefix("/events/") {
      return await extensions.live(visit) ?? Problem.notFound.response
    }
    return await extensions.page(visit) ?? Problem.notFound.response
  }

  private func asset(_ path: Substring, _ visit: Visit) -> Response {
    guard Gatekeeper.isRead(visit.request.method) else {
      return Problem.wrongMethod(allow: ["GET", "HEAD"]).response
    }
    guard let asset = Asset.at(path: path) else { return Problem.notFound.response }
    let headers = [
      Header("content-type", asset.contentType), Header("cache-control", Asset.cacheControl),
      Header("etag", asset.etag),
    ]
    if visit.request.header("if-none-match") == asset.etag { return Response(status: 304, headers: headers) }
    return Response(status: 200, headers: headers, body: asset.bytes)
  }
}
