import Synchronization
import TestSupport
import Testing

@testable import Curl

/// Gathers what a mail server was told: commands after `C`, lines of the message after `D`.
private final class Heard: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func note(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A mail server that takes everything but mail for nobody; it does not know STARTTLS.
private func mailServer(_ heard: Heard) throws -> ScriptedServer {
  try ScriptedServer { connection in
    func say(_ line: String) { connection.send(line + "\r\n") }
    say("220 hello")
    var isData = false
    while let line = connection.readLine() {
      if isData {
        if line == "." {
          isData = false
          say("250 taken")
        } else {
          heard.note("D \(line)")
        }
        continue
      }
      heard.note("C \(line)")
      if line.hasPrefix("RCPT"), line.contains("nobody") {
        say("550 no such box")
      } else if line == "DATA" {
        isData = true
        say("354 go")
      } else if line == "QUIT" {
        return say("221 bye")
      } else {
        say("250 ok")
      }
    }
  }
}

@Suite("The outbound client")
struct OutboundClientTests {
  @Test("sends a request and brings the answer, whatever its status")
  func request() async throws {
    let server = try ScriptedServer { connection in
      let head = connection.readHead()
      let body = connection.read(3)
      let isMine = head.contains("X-Mine: a") && head.hasPrefix("POST /hook HTTP/1.1")
      connection.answer(
        "418 I'm a teapot", headers: ["X-Seen: \(isMine)"], body: String(decoding: body.reversed(), as: UTF8.self))
    }
    let client = try OutboundClient()
    defer { client.stop() }
    let request = OutboundRequest(
      url: try WebURL("http://127.0.0.1:\(server.port)/hook"),
      headers: [("X-Mine", "a"), ("Content-Type", "text/plain")],
      body: Array("abc".utf8))
    let answer = try await client.send(request) { _ in true }
    #expect(answer.status == 418)
    #expect(answer.header("x-seen") == "true")
    #expect(answer.body == Array("cba".utf8))
    await #expect(throws: TransferFailure.self) { try await client.send(request) { _ in false } }
  }

  @Test("fails as refused where nobody listens, and as forbidden before any connection")
  func failures() async throws {
    let client = try OutboundClient()
    defer { client.stop() }
    let request = OutboundRequest(url: try WebURL("http://127.0.0.1:9/"))
    do throws(TransferFailure) {
      _ = try await client.send(request) { _ in true }
      Issue.record("nobody listens there")
    } catch {
      #expect(error.kind == .connectRefused)
    }
    do throws(TransferFailure) {
      _ = try await client.send(request) { _ in false }
      Issue.record("the address is forbidden")
    } catch {
      #expect(error.kind == .addressForbidden)
    }
  }

  @Test("hands a mail to its server, dots stuffed")
  func mail() async throws {
    let heard = Heard()
    let server = try mailServer(heard)
    let client = try OutboundClient()
    defer { client.stop() }
    let mail = OutboundMail(
      server: try MailServer("smtp://127.0.0.1:\(server.port)?starttls=never", helloName: "martlet.example"),
      from: "from@example.com", to: ["a@example.com", "b@example.com"],
      message: Array("Subject: x\r\n\r\n.dot\r\n".utf8))
    try await client.sendMail(mail) { _ in true }
    let seen = heard.all
    #expect(seen.contains("C EHLO martlet.example"))
    #expect(seen.contains("C MAIL FROM:<from@example.com>"))
    #expect(seen.contains("C RCPT TO:<b@example.com>"))
    #expect(seen.contains("D ..dot"))
  }

  @Test("tells the server's refusal with its code")
  func refusedMail() async throws {
    let heard = Heard()
    let server = try mailServer(heard)
    let client = try OutboundClient()
    defer { client.stop() }
    let mail = OutboundMail(
      server: try MailServer("smtp://127.0.0.1:\(server.port)?starttls=never"), from: "from@example.com",
      to: ["nobody@example.com"], message: Array("Subject: x\r\n\r\nx\r\n".utf8))
    do throws(MailError) {
      try await client.sendMail(mail) { _ in true }
      Issue.record("the box does not exist")
    } catch {
      #expect(error.replyCode == 550)
    }
  }

  @Test("does not send where STARTTLS is required and not offered")
  func startTLSRequired() async throws {
    let heard = Heard()
    let server = try mailServer(heard)
    let client = try OutboundClient()
    defer { client.stop() }
    let mail = OutboundMail(
      server: try MailServer("smtp://user:secret@127.0.0.1:\(server.port)"), from: "from@example.com",
      to: ["a@example.com"], message: Array("Subject: x\r\n\r\nx\r\n".utf8))
    await #expect(throws: MailError.self) { try await client.sendMail(mail) { _ in true } }
    #expect(!heard.all.contains { $0.contains("MAIL") })
  }

  @Test("reads mail server addresses")
  func addresses() throws {
    let server = try MailServer("smtps://me%40x:pw@mail.example.com")
    #expect(server.port == 465 && server.user == "me@x" && server.security == .tls)
    #expect(try MailServer("smtp://mail.example.com").port == 587)
    #expect(try MailServer("smtp://mail.example.com").security == .startTLS)
    #expect(throws: WebURL.ParseError.self) { try MailServer("http://mail.example.com") }
  }
}
