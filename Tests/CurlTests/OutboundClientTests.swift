import Foundation
import Glibc
import Testing

@testable import Curl

/// Debian's python3 as the judge on the other side.
private final class PythonServer {
  let port: UInt16
  private let process = Process()
  private let output = Pipe()

  init(_ script: String) throws {
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = ["-u", "-c", script]
    process.standardOutput = output
    try process.run()
    var text = ""
    while !text.contains("\n") {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { break }
      text += String(decoding: part, as: UTF8.self)
    }
    port = UInt16(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  // The threads that tests run on block SIGTERM, and children inherit that; one left behind would hold the tests' output
  // open for ever.
  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// What it printed after its port, once it has ended.
  func rest() -> String {
    process.waitUntilExit()
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}

private let smtpOnce = """
  import socket
  s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])
  c, _ = s.accept(); f = c.makefile("rwb", buffering=0); seen = []
  def say(t): c.sendall(t.encode() + b"\\r\\n")
  say("220 hello")
  data = False
  for line in f:
      t = line.decode().rstrip("\\r\\n")
      if data:
          if t == ".": data = False; say("250 taken")
          else: seen.append("D " + t)
          continue
      seen.append("C " + t)
      if t.startswith("EHLO"): say("250 ok")
      elif t.startswith("RCPT") and "nobody" in t: say("550 no such box")
      elif t == "DATA": data = True; say("354 go")
      elif t == "QUIT": say("221 bye"); break
      else: say("250 ok")
  print("\\n".join(seen))
  """

@Suite("The outbound client")
struct OutboundClientTests {
  @Test("sends a request and brings the answer, whatever its status")
  func request() async throws {
    let server = try PythonServer(
      """
      import http.server
      class H(http.server.BaseHTTPRequestHandler):
          def do_POST(self):
              body = self.rfile.read(int(self.headers["Content-Length"]))
              self.send_response(418); self.send_header("X-Seen", self.headers["X-Mine"]); self.end_headers(); self.wfile.write(body[::-1])
          def log_message(self, *a): pass
      s = http.server.HTTPServer(("127.0.0.1", 0), H); print(s.server_port); s.serve_forever()
      """)
    let client = try OutboundClient()
    defer { client.stop() }
    let request = OutboundRequest(
      url: try WebURL("http://127.0.0.1:\(server.port)/hook"),
      headers: [("X-Mine", "a"), ("Content-Type", "text/plain")],
      body: Array("abc".utf8))
    let answer = try await client.send(request) { _ in true }
    #expect(answer.status == 418)
    #expect(answer.header("x-seen") == "a")
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
    let server = try PythonServer(smtpOnce)
    let client = try OutboundClient()
    defer { client.stop() }
    let mail = OutboundMail(
      server: try MailServer("smtp://127.0.0.1:\(server.port)?starttls=never", helloName: "martlet.example"),
      from: "from@example.com", to: ["a@example.com", "b@example.com"],
      message: Array("Subject: x\r\n\r\n.dot\r\n".utf8))
    try await client.sendMail(mail) { _ in true }
    let seen = server.rest()
    #expect(seen.contains("C EHLO martlet.example"))
    #expect(seen.contains("C MAIL FROM:<from@example.com>"))
    #expect(seen.contains("C RCPT TO:<b@example.com>"))
    #expect(seen.contains("D ..dot"))
  }

  @Test("tells the server's refusal with its code")
  func refusedMail() async throws {
    let server = try PythonServer(smtpOnce)
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
    let server = try PythonServer(smtpOnce)
    let client = try OutboundClient()
    defer { client.stop() }
    let mail = OutboundMail(
      server: try MailServer("smtp://user:secret@127.0.0.1:\(server.port)"), from: "from@example.com",
      to: ["a@example.com"], message: Array("Subject: x\r\n\r\nx\r\n".utf8))
    await #expect(throws: MailError.self) { try await client.sendMail(mail) { _ in true } }
    #expect(!server.rest().contains("MAIL"))
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
