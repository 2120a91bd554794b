/// Passwords that guessing tools try first.
///
/// Not a leaked list: the well-known worst words of at least eight characters, composed by hand, and the rules below
/// that cover their families (a common stem with digits and signs around it, keyboard runs, repetitions, counting).
enum CommonPasswords {
  /// Words on which most of the common passwords are built.
  private static let stems: Set<String> = [
    "password", "passwort", "passw0rd", "passwd", "pass", "pwd", "kennwort", "contrasena", "motdepasse", "parola",
    "admin", "administrator", "root", "user", "guest", "test", "testing", "tester", "demo", "default", "changeme",
    "letmein", "welcome", "willkommen", "bienvenue", "login", "logmein", "secret", "geheim", "master", "access",
    "monkey", "dragon", "shadow", "sunshine", "princess", "football", "baseball", "basketball", "soccer", "hockey",
    "superman", "batman", "spiderman", "pokemon", "starwars", "trustno", "trustnoone", "iloveyou", "ichliebedich",
    "jetaime", "loveme", "lovely", "michael", "michelle", "jennifer", "jessica", "ashley", "charlie", "jordan",
    "thomas", "daniel", "andrew", "matthew", "joshua", "robert", "anthony", "nicole", "amanda", "hannah", "samantha",
    "mustang", "ferrari", "porsche", "mercedes", "corvette", "harley", "yamaha", "summer", "winter", "autumn",
    "spring", "sommer", "herbst", "january", "february", "march", "april", "june", "july", "august", "september",
    "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "hello", "hallo", "helloworld", "whatever", "freedom", "forever", "flower", "cheese", "chocolate", "cookie",
    "coffee", "banana", "orange", "purple", "silver", "golden", "diamond", "killer", "hunter", "ranger", "buster",
    "tigger", "pepper", "ginger", "maggie", "computer", "internet", "server", "network", "system", "windows", "linux",
    "ubuntu", "debian", "google", "facebook", "microsoft", "apple", "samsung", "cisco", "oracle", "mysql", "postgres",
    "security", "monitor", "monitoring", "uptime", "martlet", "status", "statuspage", "company", "office", "business",
    "liverpool", "arsenal", "chelsea", "barcelona", "juventus", "manchester", "london", "berlin", "paris", "america",
    "canada", "germany", "france", "hockey", "blink", "nirvana", "metallica", "slipknot", "eminem", "matrix",
    "phoenix", "falcon", "eagle", "tiger", "lion", "panther", "wolf", "angel", "angels", "jesus", "blessed", "heaven",
    "babygirl", "babyboy", "sweetheart", "sweetie", "cupcake", "butterfly", "rainbow", "unicorn", "mickey", "minnie",
    "donald", "snoopy", "scooby", "garfield", "abc", "abcd", "abcdef", "asdf", "qwer", "qwert", "qwerty", "qwertz",
    "azerty", "qazwsx", "zaqxsw", "zxcvbnm", "asdfgh", "asdfghjkl", "qwertyuiop", "aaaaaa", "correcthorse",
  ]

  private static let runs = [
    "01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
    "poiuytrewqlkjhgfdsamnbvcxz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
    "!@#$%^&*()", "147258369", "159753", "123qweasdzxc", "abcd1234", "1234qwer", "qwer1234", "asdf1234",
  ]

  static func contains(_ password: String) -> Bool {
    let lower = password.lowercased()
    let plain = String(lower.map(unmasked))
    let letters = [lower, plain].flatMap { text in [trimmed(text), text.filter(\.isLetter)] }
    if letters.contains(where: { stems.contains($0) || isTwice($0) }) { return true }
    return isRepetition(lower) || runs.contains { isRun(lower, in: $0) }
  }

  /// Without the digits and signs before and after.
  private static func trimmed(_ text: String) -> String {
    let front = text.drop { !$0.isLetter }
    return String(front.reversed().drop { !$0.isLetter }.reversed())
  }

  private static func unmasked(_ character: Character) -> Character {
    switch character {
    case "0": "o"
    case "1", "!": "i"
    case "3": "e"
    case "4", "@": "a"
    case "5", "$": "s"
    case "7": "t"
    default: character
    }
  }

  private static func isTwice(_ text: String) -> Bool {
    guard text.count >= 6, text.count % 2 == 0 else { return false }
    let half = text.prefix(text.count / 2)
    return text == half + half && stems.contains(String(half))
  }

  /// One to three characters over and over.
  private static func isRepetition(_ text: String) -> Bool {
    let characters = Array(text)
    return (1...4).contains { period in
      characters.count >= period * 2 && characters.indices.allSatisfy { characters[$0] == characters[$0 % period] }
    }
  }

  /// A piece of a row of keys, or that row over and over.
  private static func isRun(_ text: String, in run: String) -> Bool {
    (run + run).contains(text) || (text.count >= 8 && text.hasPrefix(run) && (run + run + run).contains(text))
  }
}

/// What a password must be (OWASP ASVS 5.0, 6.2): long enough, and not what everybody guesses. No rules of composition.
public enum PasswordRules {
  public static let charactersMin = 8
  public static let charactersMax = 256

  /// What is wrong, or nil. `about` are the person's own words: address, names.
  public static func problem(_ password: String, about: [String]) -> String? {
    let count = password.unicodeScalars.count
    guard count >= charactersMin else { return "must have at least \(charactersMin) characters; 15 or more are better" }
    guard count <= charactersMax else { return "must have at most \(charactersMax) characters" }
    guard !CommonPasswords.contains(password) else {
      return "is among the passwords that are guessed first; choose another"
    }
    let lower = password.lowercased()
    for text in about {
      let word = text.lowercased()
      let stem = String(word.prefix { $0 != "@" })
      for own in [word, stem] where own.count >= 4 && lower.contains(own) && lower.count < own.count + 5 {
        return "is too close to your own name, address or organization"
      }
    }
    return nil
  }
}

/// The form of an address that is compared and stored, or nil when it is none.
public enum EmailAddress {
  public static let bytesMax = 254

  /// One `@`, no white space or control, a dot-atom or UTF-8 local part, a host name; lower case throughout.
  public static func normalized(_ text: String) -> String? {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard text.utf8.count <= bytesMax, parts.count == 2, (1...64).contains(parts[0].utf8.count), isHost(parts[1])
    else { return nil }
    let signs = Set("!#$%&'*+/=?^_`{|}~-.")
    let local = parts[0]
    guard local.allSatisfy({ $0.isLetter || $0.isNumber || signs.contains($0) }), !local.hasPrefix("."),
      !local.hasSuffix("."), !local.contains("..")
    else { return nil }
    return text.lowercased()
  }

  private static func isHost(_ host: Substring) -> Bool {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    return host.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
          && label.allSatisfy { $0 == "-" || $0.isLetter || $0.isNumber }
      }
  }
}
