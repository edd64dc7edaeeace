//! A gateway's words, made fit for a log.

/// What gateways use in their reasons. Anything else could be an echo of a text, a name, a number or a token.
const KNOWN: &str = "\
    a access account advanced already an and api are at attachment bad banned be been belong billing blocked \
    body business by can cannot cant connect connected connection could country countrycode data deleted \
    delivered device devices disconnect disconnected does due duplicate empty error exceeded exist exists \
    expired failed feature file filename for forbidden format found free from gateway green has have header high \
    hit id in input internal invalid is issue json large later length limit limited logged logout long low many \
    maximum mb media medium message messages missing must need no not number of on only or out package paid \
    parameter parameters payment pending permission phone plan please policy qr queue quota rate reached \
    receiver recipient red registered regular reguler request required restricted scan schedule scheduled send \
    sending sent server service size spam status super target template temporarily text than the this time \
    timeout to token too try type ultra unauthorized under unknown unpaid unreachable unsupported upgrade url \
    user valid value was whatsapp with wrong yellow your";

/// The known words of a text in lower case, with `…` for the others; at most twelve.
pub(super) fn fit_for_a_log(text: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.chars().take(20).collect::<String>().to_ascii_lowercase();
        let known = KNOWN.split(' ').any(|known| known == word);
        if known {
            said.push(word);
        } else if said.last().is_none_or(|last| last != "…") {
            said.push("…".to_owned());
        }
        if said.len() == 12 {
            break;
        }
    }
    if said.is_empty() { "no reason given".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_pass() {
        assert_eq!(fit_for_a_log("Request invalid on disconnected device"), "request invalid on disconnected device");
        assert_eq!(fit_for_a_log("target 6281234567890 invalid: Halo Pak Budi"), "target … invalid …");
        assert_eq!(fit_for_a_log("token=Zx8-abc"), "token …");
        assert_eq!(fit_for_a_log(" \n"), "no reason given");
    }
}
