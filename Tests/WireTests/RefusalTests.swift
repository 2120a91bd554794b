import Domain
import JSON
import Testing

@testable import Wire

@Suite("what a newer control plane asks of an older worker")
struct RefusalTests {
  private let job = """
    "job_id":"job_1.3.7.1795000000000","generation":21474836489,"lease_until_ms":1795000046500,\
    "due_at":"2026-11-18T10:26:40.000Z","trigger":"schedule","budget_ms":31500,"first_attempt":0
    """
  private let monitor = """
    "id":"mon_one","key":7,"region_key":3,"version":8589934592,"name":"Shop","url":"https://shop.example/",\
    "interval_s":60,"allows_private":false,"slots":[{"from_ms":0,"to_ms":null,"interval_ms":60000,"phase_ms":1}]
    """

  private func answer(jobs: String = "", plan: String = "", version: String = "5") throws -> JobsAnswer {
    let text = """
      {"jobs":[\(jobs)],"plan":{"whole":true,"version":\(version),"more":false,"removed":[],"monitors":[\(plan)]},
       "share":{"index":0,"of":1},"server_time":"2026-11-18T10:26:40.000Z"}
      """
    return try JobsAnswer(JSON(parsing: text), region: nil) { _, _ in nil }
  }

  @Test(
    "an assignment whose meaning is not known is refused by itself, and the others are taken",
    arguments: [
      (#""type":"icmp""#, "/type"), (#""type":7"#, "/type"), (#""ip_family":"v6_only""#, "/ip_family"),
      (#""assertions":[{"source":"screenshot","comparison":"eq","value":""}]"#, "/assertions/0/source"),
      (#""assertions":[{"source":"body","comparison":"resembles","value":""}]"#, "/assertions/0/comparison"),
      (#""assertions":[{"expression":"status == 200"}]"#, "/assertions/0"), (#""assertions":"all""#, "/assertions"),
      (#""headers":[{"name":"X","value_from":"vault"}]"#, "/headers/0"), (#""timeout_ms":"10s""#, "/timeout_ms"),
      (#""verify_tls":"strict""#, "/verify_tls"),
      (#""timeout_ms":-1"#, "/timeout_ms"), (#""timeout_ms":9223372036854775807"#, "/timeout_ms"),
      (#""attempts":-1"#, "/attempts"), (#""attempts":4000000000"#, "/attempts"),
      (#""degraded_after_ms":0"#, "/degraded_after_ms"), (#""max_redirects":21"#, "/max_redirects"),
      (#""certificate_warning_days":-9223372036854775808"#, "/certificate_warning_days"),
    ])
  func unknown(_ member: String, _ pointer: String) throws {
    let other = monitor.replacing("\"key\":7", with: "\"key\":8")
    let read = try answer(plan: "{\(monitor),\(member)},{\(other)}")
    let plan = try #require(read.plan)
    #expect(plan.assignments.map(\.monitor) == [MonitorID(8)])
    #expect(plan.refused.map(\.monitor) == [MonitorID(7)])
    let refusal = try #require(plan.refused.first)
    #expect(refusal.name == "mon_one" && refusal.reason.hasPrefix(pointer + " "), "\(refusal)")
    // The same of the job that brings it: it is named, so that it can be handed back.
    let asked = try answer(jobs: "{\(job),\"monitor\":{\(monitor),\(member)}}")
    #expect(asked.jobs.isEmpty)
    let refused = try #require(asked.refused.first)
    #expect(refused.text == "job_1.3.7.1795000000000" && refused.refusal.monitor == MonitorID(7))
    let back = try #require(Delivered(JSON(parsing: refused.json.bytes)))
    #expect(back.content == .missed(.workerOffline) && back.generation == Generation(raw: 21_474_836_489))
  }

  @Test("members that are not known are passed over, wherever they stand")
  func extras() throws {
    let extra = #""news":{"a":[1]}"#
    let read = try answer(jobs: "{\(job),\(extra),\"monitor\":{\(monitor),\(extra)}}", plan: "{\(monitor),\(extra)}")
    #expect(read.jobs.count == 1 && read.refused.isEmpty)
    #expect(read.plan?.assignments.count == 1 && read.plan?.refused.isEmpty == true)
  }

  @Test(
    "a job for a reason that is not known is refused, and can be handed back by the name that it came with",
    arguments: [
      ("\"trigger\":\"schedule\"", "\"trigger\":\"dependency\""), ("job_1.3.7", "job_9.3.7"),
      ("job_1.3.7.1795000000000", "job2:abc"), ("\"due_at\":\"2026", "\"due_at\":\"soon 2026"),
    ])
  func trigger(_ known: String, _ unknown: String) throws {
    let strange = job.replacing(known, with: unknown)
    let read = try answer(jobs: "{\(strange),\"monitor\":{\(monitor)}},{\(job),\"monitor\":{\(monitor)}}")
    #expect(read.jobs.count == 1)
    let refused = try #require(read.refused.first)
    #expect(strange.contains("\"job_id\":\"\(refused.text)\""))
    #expect(refused.json["job_id"]?.string == refused.text)
    #expect(refused.json["generation"]?.int == 21_474_836_489)
  }

  @Test(
    "an interval, or a plan of slots, out of all measure is refused",
    arguments: [
      ("\"interval_s\":60", "\"interval_s\":9223372036854775807", "/interval_s"),
      ("\"interval_s\":60", "\"interval_s\":0", "/interval_s"),
      ("\"to_ms\":null", "\"to_ms\":-9223372036854775808", "/to_ms"),
    ])
  func interval(_ known: String, _ absurd: String, _ pointer: String) throws {
    let read = try answer(plan: "{\(monitor.replacing(known, with: absurd))}")
    #expect(read.plan?.assignments.isEmpty == true)
    #expect(read.plan?.refused.first?.reason.hasPrefix(pointer + " ") == true)
  }

  @Test("a version out of all measure is nobody's newest")
  func version() throws {
    let absurd = monitor.replacing("\"version\":8589934592", with: "\"version\":9223372036854775807")
    let read = try answer(plan: "{\(absurd)}", version: "9223372036854775807")
    #expect(read.plan?.refused.count == 1)
    #expect(read.plan.map { PlanDelta.versions.contains($0.version) } == false)
  }

  @Test("a worker's report tells of it")
  func report() throws {
    var report = WorkerReport()
    (report.refused, report.refusedJobs, report.forgotten, report.torn) = (1, 2, 3, 4)
    report.rejected = 5
    #expect(WorkerReport(try JSON(parsing: report.json.bytes)) == report)
  }
}

extension String {
  fileprivate func replacing(_ text: String, with other: String) -> String {
    guard let range = firstRange(of: text) else { return self }
    return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
