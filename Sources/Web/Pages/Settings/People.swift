import HTML

/// `GET /settings/members`.
///
/// Posts: `invitations` `email, role`; `memberRole` `role`; `removeMember`, `revokeInvitation`, `leaveOrganization` (no
/// fields). Roles are `owner`, `admin`, `member`. Who only reads sees nobody but themselves.
struct MembersPage: SettingsPage {
  struct Member: Sendable {
    var id: String
    var name: String
    var email: String
    var role: String
    var joinedAt: Int64
    var isYou: Bool
    /// Whether the reader may change this one: nobody removes the last owner.
    var isEditable: Bool
  }

  struct Invitation: Sendable {
    var id: String
    var email: String
    var role: String
    var invitedBy: String
    var expiresAt: Int64
  }

  var frame: AppFrame
  var members: [Member]
  var invitations: [Invitation]
  /// Everybody but the last owner.
  var mayLeave = true
  var mayMakeOwners = true
  /// Without SMTP an invitation is a link to copy, shown once after it was made.
  var link: (email: String, url: String)?
  var sendsMail: Bool
  var form: (email: String, role: String) = ("", "member")
  var errors: FormErrors = [:]

  var place: SettingsPlace { .members }
  var sentence: HTML {
    guard frame.canWrite else { return "You are a member of <bdi>\(frame.organization)</bdi>." }
    return members.count == 1
      ? "You are the only member." : "\(members.count) people belong to <bdi>\(frame.organization)</bdi>."
  }
  var lead: HTML? { "Members read. Admins also write. Owners also decide who is an owner." }

  var content: HTML {
    """
    \(link.map(made))
    \(FormError(message: errors[""]))
    <section class="card"><table class="table folds-up three"><caption class="vh">Members</caption><thead><tr><th scope="col">Name</th>\
    <th scope="col">Role</th><th scope="col">Since</th><th scope="col"><span class="vh">Change</span></th></tr></thead><tbody>\(members, row)</tbody></table></section>
    \(if: !invitations.isEmpty, Card(title: "Invited", note: "Not yet accepted", content: """
      <table class="table folds-up three"><caption class="vh">Invitations</caption><tbody>\(invitations, invitation)</tbody></table>
      """).body)
    \(if: frame.canWrite, inviteForm)
    \(leaving)
    """
  }

  private var leaving: HTML {
    guard mayLeave else {
      return "<p class=\"soft\">You are the only owner. To leave, make somebody else an owner first.</p>"
    }
    return Confirm(
      button: "Leave this organization",
      question:
        "You lose access to <bdi>\(frame.organization)</bdi> at once, on every device, until somebody invites you again. What you made stays.",
      yes: "Leave \(frame.organization)", action: Paths.leaveOrganization
    ).body
  }

  private func row(_ member: Member) -> HTML {
    """
    <tr><td class="name"><b dir="auto">\(member.name)</b>\(if: member.isYou, " <span class=\"quiet\">you</span>")\
    <span class="sub">\(member.email)</span></td><td class="c-state">\(member.role)</td><td class="c-wide" data-l="since">\(When(member.joinedAt, .date))</td>\
    <td class="c-wide"><div class="btns end">\(if: member.isEditable, change(member))</div></td></tr>

    """
  }

  private func change(_ member: Member) -> HTML {
    """
    <form class="btns" action="\(Paths.memberRole(member.id))" method="post">\(Choice(
      name: "role", label: "Role of \(member.name)", options: roles, selected: member.role, isBare: true, idPrefix: member.id))\
    <button class="btn">Change</button></form>
    \(Confirm(
      button: "Remove", question: "<bdi>\(member.name)</bdi> loses access at once, on every device. What they made stays.",
      yes: "Remove \(member.name)", action: Paths.removeMember(member.id)))
    """
  }

  private var roles: [Choice.Option] {
    (mayMakeOwners ? ["member", "admin", "owner"] : ["member", "admin"]).map { .init(value: $0, label: $0) }
  }

  private func invitation(_ invitation: Invitation) -> HTML {
    """
    <tr><td class="name"><b>\(invitation.email)</b><span class="sub" dir="auto">by \(invitation.invitedBy)</span></td>\
    <td class="c-state">\(invitation.role)</td><td class="c-wide" data-l="until">\(When(invitation.expiresAt, .date))</td>\
    <td class="c-wide"><div class="btns end">\(if: frame.canWrite, PostButton(
      label: "Take back", action: Paths.revokeInvitation(invitation.id), name: "Take back the invitation of \(invitation.email)").body)</div></td></tr>

    """
  }

  private func made(_ link: (email: String, url: String)) -> HTML {
    OnceShown(
      title: "Invitation for \(link.email)", label: "Link", value: link.url,
      note: "Send it to them yourself; it works once, for seven days, and is not shown again."
    ).body
  }

  private var inviteForm: HTML {
    Card(
      title: "Invite somebody",
      note: sendsMail ? "They get a mail with a link" : "You get a link to send them, as no mail server is set",
      content: """
        <form class="card-body form" action="\(Paths.invitations)" method="post"><div class="grid-2">\
        \(Field(name: "email", label: "E-mail address", value: form.email, kind: .email, error: errors["email"], isRequired: true, autocomplete: "off"))\
        \(Choice(name: "role", label: "Role", options: roles, selected: form.role, error: errors["role"]))</div>
        <div class="btns"><button class="btn btn-primary">Invite</button></div></form>
        """
    ).body
  }
}

/// A secret that is printed this once.
struct OnceShown: Component {
  var title: String
  var label: String
  var value: String
  var note: String

  var body: HTML {
    """
    <section class="card once" role="status"><div class="card-head"><h2>\(title)</h2></div><div class="card-body stack">\
    <div class="code-row"><pre class="code" tabindex="0" aria-label="\(label)" id="once">\(value)</pre>\
    <button class="btn" type="button" data-copy="once">Copy</button></div><p class="soft">\(note)</p></div></section>
    """
  }
}
