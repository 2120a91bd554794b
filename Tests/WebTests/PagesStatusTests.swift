import HTML
import Testing

@testable import Web

@Suite("What the status page says")
struct PagesStatusTests {
  private func page(_ services: [PublicService]) -> StatusPage {
    StatusPage(frame: Sample.publicFrame(), services: services, open: [], past: [], lastCheckedAt: nil)
  }

  @Test("nobody reads Operational without fresh data", arguments: ["stale", "none"])
  func freshness(observed: String) {
    let page = page([Sample.service("API", "", observed: observed)])
    #expect(page.state == .unknown)
    #expect(page.title == "No data: API")
    #expect(page.sentence == "No service has fresh data.")
    #expect(!page.services[0].body.string.contains(">Operational<"))
  }

  @Test("the worst service gives the page its state")
  func worst() {
    let page = page([
      Sample.service("A", ""), Sample.service("B", "", .degraded), Sample.service("C", "", .down),
      Sample.service("D", "", .maintenance),
    ])
    #expect(page.state == .down)
    #expect(page.title == "Major outage: C")
    #expect(page.state.favicon == .faviconDown)
    #expect(
      page.sentence.string
        == "<bdi>C</bdi> is down, <bdi>B</bdi> is slow or degraded and <bdi>D</bdi> is under maintenance.")
  }

  @Test("a day without data is neither green nor red, and uptime names the days it counts")
  func gaps() {
    let service = Sample.service("A", "", unknownBefore: 70)
    let bars = DayBars(name: "A", days: service.days, today: Sample.now)
    #expect(service.measuredDays == 20)
    #expect(bars.summary == "20 days without trouble, 70 with no data")
    #expect(bars.body.string.matches(of: /class="d-none"/).count == 70)
  }

  @Test("a missing value ends the line")
  func line() {
    #expect(Line.path([1, 2, nil, 4, nil], top: 4, width: 4, height: 4) == "M0 3L1 2M3 0h.01")
    #expect(Line.path([nil, nil], top: 1, width: 1, height: 1) == "")
  }

  @Test("a page with twenty services is small")
  func size() { #expect(Sample.statusTwenty.render().bytes.count < 100_000) }

  @Test("the pager names its place and skips what is far")
  func pager() {
    let html = Pager(page: 54, rows: 12, total: 1_291, path: "/monitors?q=a%26b").body.string
    #expect(html.contains("637 to 648 of 1,291"))
    #expect(html.contains("href=\"/monitors?q=a%26b&amp;page=108\""))
    #expect(html.matches(of: /class="gap"/).count == 2)
    #expect(Pager(page: 1, rows: 12, total: 12, path: "/").body.isEmpty)
  }
}
