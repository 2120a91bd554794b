import HTML

/// `GET /` for somebody who is not signed in.
struct LandingPage: Sendable {
  var isSignupOpen: Bool

  func render() -> HTML {
    Document(
      title: "Martlet: uptime monitoring and status pages", sheets: [.base, .app], bodyClass: "landing", body: body
    ).html
  }

  private var body: HTML {
    """
    <div class="land"><header class="land-head"><a class="brand" href="\(Paths.home)">\(Icon.mark)Martlet</a>
    <nav aria-label="Account" class="btns">\(if: isSignupOpen, LinkButton(label: "Sign up", path: Paths.signup).body)\
    \(LinkButton(label: "Sign in", path: Paths.login, style: "btn-primary"))</nav></header>
    <main id="main" tabindex="-1">
    <div class="land-answer"><h1>Know that it works. Say so when it does not.</h1>
    <p>Martlet checks your addresses, tells you when an outage is confirmed, and keeps a status page that changes by itself.</p></div>
    <ul class="land-list">
    <li><h2>No false alarm</h2><p>A first failure is verified before anybody is woken, and trouble of Martlet's own never counts against you.</p></li>
    <li><h2>The reason, not just the fact</h2><p>Every outage keeps its evidence: phases, address, answer, certificate, and who saw it.</p></li>
    <li><h2>A page that is true</h2><p>A day without data looks like one. Uptime is cut, never rounded up.</p></li>
    <li><h2>Yours</h2><p>One program on your own machine. No cookie for visitors, nothing loaded from elsewhere.</p></li>
    </ul></main>
    <footer class="land-foot">Martlet: the heraldic swift that never lands.</footer></div>
    """
  }
}
