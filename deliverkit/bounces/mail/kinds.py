"""What a mail is by its headers: a report of a mail system, an automatic answer, a complaint, or plain mail."""

from __future__ import annotations

import re

from deliverkit.bounces.event import Kind
from deliverkit.bounces.mail.parts import Head, Mail
from deliverkit.bounces.mail.patterns import phrases

_SUBJECT = phrases(
    r"undeliver|non-?deliver|not deliver|delivery (?:status|failure|failed|has failed|problem|report|notification|"
    r"error|incomplete|unsuccessful)|"
    r"deliver[\pL\d_]* (?:has )?fail|fail[\pL\d_]* (?:to|of) deliver|failure notice|failed mail|"
    r"mail failed|mail failure|"
    r"returned mail|mail returned|"
    r"return(?:ed|ing) (?:mail|message|e-?mail)|(?:mail|message|e-?mail) (?:system )?error|mail system error|"
    r"returned to sender|"
    r"message you sent blocked|could not be (?:delivered|sent)|couldn'?t be delivered|cannot be delivered|"
    r"can'?t be delivered|"
    r"unable to deliver|error sending your mail|delivery delayed|delayed mail|message delayed|delayed delivery|"
    r"warning: (?:message|could not|mail)|"
    r"mail delivery|postmaster notify|user unknown|bounced? (?:mail|message|e-?mail)|message status|rejected|"
    r"mail status report|loop alert|nondeliverable|"
    r"not listed in|"
    r"unzustellbar|nicht zugestellt|zustellung|zustellfehler|nicht zustellbar|mail konnte|"
    r"non remis|non distribu|[ée]chec (?:de|d['’])|[ée]chec.{0,20}(?:remise|livraison|distribution)|message non|"
    r"retour(?:n[ée])? .{0,20}exp[ée]diteur|"
    r"no entregad|no se (?:puede|pudo|ha podido) entregar|error (?:de|en la) entrega|mensaje devuelto|"
    r"correo devuelto|fallo (?:en|de) la entrega|"
    r"n[ãa]o entregue|falha (?:na|de) entrega|mensagem devolvida|erro (?:na|de) entrega|devolvid[ao]|devuelto|"
    r"mancata consegna|non recapitabil|impossibile (?:recapitare|consegnare)|non consegnat|mancato recapito|"
    r"onbestelbaar|niet bezorgd|niet afgeleverd|kan niet worden (?:bezorgd|afgeleverd)|"
    r"не доставлено|недоставлен|не может быть доставлен|ошибка доставки|возврат|невозможно доставить|"
    r"配信(?:不能|できません|エラー|失敗)|送信エラー|配達不能|未達|メール送信(?:エラー|できません)|不達|エラーメール|"
    r"退信|无法投递|無法投遞|投递失败|投遞失敗|无法送达|無法傳遞|系统退信|未送达|"
    r"tidak terkirim|gagal (?:terkirim|dikirim|kirim)|tidak dapat (?:dikirim|terkirim)|pengiriman gagal|"
    r"olevererbar|kan inte levereras|kunne ikke leveres|niedostarczon|zwrot|nedoru[čc]|k[ée]zbes[ií]thetetlen|"
    r"teslim edilemedi|"
    r"배달(?:되지| 실패)|반송"
)
_DELAY_SUBJECT = phrases(
    r"delay|\bwarning\b|still (?:being|not|un)|\(delay\)|pending|retry|verz[öo]ger|retard|retrasad|demora|atrasad|"
    r"ritard|vertraagd|"
    r"задерж|遅延|遅れ|延迟|延遲|tertunda"
)
_DELAY_WORDS = phrases(
    r"this is a warning message only|you do not need to resend|do not need to re-?send|"
    r"this is only a temporary failure report|"
    r"has not yet been delivered|have not yet been delivered|has not been delivered (?:yet|to one)|"
    r"delivery attempts will continue|will (?:continue to try|keep trying|be retried|try again)|"
    r"still (?:in the queue|trying)|no action is required on your part|message is delayed|"
    r"noch nicht zugestellt|weitere zustellversuche|n'a pas encore|todav[ií]a no|ainda n[ãa]o|non [eè] (?:ancora|"
    r"stato ancora)|nog niet|пока не|ещ[её] не"
)
_GAVE_UP = phrases(
    r"i've given up|given up|giving up\.|(?:permanent|fatal) errors? -{3,}|this is a permanent error|"
    r"failed permanently|no further (?:delivery )?attempts|"
    r"will be deleted from queue|has been in the queue too long|envelope expired|could not be delivered (?:for|to one)"
)
_FROM = phrases(
    r"mailer-?daemon|mail delivery|mail-?daemon|postmaster|poostmaster|maildeliver|mdaemon|mail administrator|"
    r"mail system|delivery (?:sub)?system|"
    r"system administrator|ndr administrator|bounce(?:s|-handler|d)?@|auto-?reply-?bounce|mailsystem|mail-?system|"
    r"notification@|delivery-?notification|"
    r"microsoft exchange|content-filter|antispam|spam firewall|mimecast|hostmaster|mailgate"
)
_WORDS = phrases(
    r"could ?n[o']t be (?:delivered|sent|relayed)|cannot be delivered|can(?:no|')t deliver|unable to deliver|"
    r"wasn't delivered|was not delivered|"
    r"not (?:been )?deliver|un(?:able|successful).{0,30}deliver|undeliver|delivery (?:to the following|has failed|"
    r"failed|error|failure)|failed to deliver|"
    r"error (?:occurred )?(?:while|delivering|sending)|did not reach the following|was blocked by|"
    r"rejected your message|was rejected|permanent (?:fatal )?errors?|"
    r"unknown (?:user|recipient|local part)|user unknown|userid|transcript of session|returned to (?:the )?sender|"
    r"not relayed|delivery problems|delivery errors|"
    r"no valid recipients|refused by|trouble delivering|fail(?:ed|ure) (?:notice|permanently|reasons)|not listed in|"
    r"nicht (?:zugestellt|ausgeliefert|zustellbar)|unzustellbar|konnte nicht|n'a pas (?:pu|[ée]t[ée])|"
    r"non (?:remis|distribu)|no (?:se )?(?:pudo|puede|ha podido|fue)|"
    r"n[ãa]o (?:p[oô]de|foi|entreg)|non (?:[eè] stato|[eè] possibile|pu[oò]|consegn)|niet (?:bezorgd|worden|"
    r"afgeleverd)|не (?:может быть )?доставлен|"
    r"送信できません|配信できません|送信でき|届け|拒否|エラー|无法|無法|失败|失敗|"
    r"tidak (?:dapat|terkirim)|gagal|[45]\d\d[ -][45]\.\d{1,2}\.\d|"
    r"<<< [45]\d\d|"
    r"duplicated message-id"
)
_AUTO_SUBJECT = phrases(
    r"^\s*(?:(?:re|aw|sv|antw?|fwd?)\s*:\s*)?\W{0,3}(?:out[ -]of[ -](?:the[ -])?office|"
    r"automatic(?:ally generated)? (?:reply|response)|auto(?:mated|matic)?[ :-]{0,2}(?:reply|response|respond[\pL\d_]*|"
    r"antwort)|"
    r"auto\s*:|autoreply|auto-?responder|vacation|on (?:vacation|leave|holiday)|away from|i(?:'m| am) (?:away|out|"
    r"on (?:leave|vacation|holiday))|"
    r"abwesen|automatische (?:antwort|r[üu]ckmeldung)|automatisch antwoord|afwezig|r[ée]ponse automatique|absence|"
    r"absent|"
    r"respuesta autom[áa]tica|fuera de (?:la )?oficina|ausente|resposta autom[áa]tica|aus[êe]ncia|"
    r"fora do escrit[óo]rio|"
    r"risposta automatica|fuori (?:sede|ufficio)|assenza|автоответ|автоматический ответ|отсутств|"
    r"自動(?:返信|応答|回答)|"
    r"不在(?:通知|の)|自动(?:回复|答复)|自動(?:回覆|答覆)|"
    r"balasan otomatis|jawaban otomatis|sedang cuti|di luar kantor|autosvar|automaattinen|"
    r"fr[åa]nvar|ikke til stede|frav[æe]r|automatisk (?:svar|besked)|poissa|lomalla|"
    r"odpowied[źz] automatyczna|nieobecno|automatick[áa] odpov|nep[řr][íi]tomn|nepr[íi]tomn|otomatik yan[ıi]t|"
    r"automatikus v[áa]lasz|h[áa]zon k[íi]v[üu]l|r[ăa]spuns automat|automatski odgovor|samodejni odgovor|"
    r"αυτόματη απάντηση|εκτός γραφείου|автоматична відповідь|автоматичен отговор|"
    r"trả lời tự động|ตอบกลับอัตโนมัติ|תשובה אוטומטית|رد تلقائي|"
    r"자동 (?:회신|응답)|자동회신|자동응답|부재)"
)
_CHALLENGE = phrases(
    r"please (?:confirm|verify|authenticate) (?:your|that you|this) (?:message|e-?mail|mail|sender|sent)|"
    r"confirm(?:ation)? (?:of )?(?:your|the) (?:message|e-?mail) (?:to|delivery)|"
    r"sender (?:verification|confirmation|authentication|authorization)|verify#|spam ?arrest|spamblocker|"
    r"mailblocks|boxbe|challenge/?response|"
    r"requires? (?:verification|confirmation|authentication)|your (?:message|e-?mail) (?:to .{1,80} )?(?:is|"
    r"has been) (?:awaiting|held|pending|being held|quarantined) .{0,40}(?:verif|confirm|approv|authent)|"
    r"antispam uol|confirme? (?:seu|su|votre) (?:e-?mail|mensaje|mensagem|message)|action required .{0,40}deliver|"
    r"\[(?:ask|tmda|choicemail)[^\]]{0,30}\]|best[äa]tigen sie ihre (?:nachricht|e-?mail)"
)
_CHALLENGE_FROM = phrases(
    r"spamarrest\.com|boxbe\.com|mailblocks\.com|antispamuol|anti-?spam@uol|bluebottle\.com|sendio|knowspam|0spam|"
    r"cashette|onlymyemail"
)
_UNSUBSCRIBE = phrases(
    r"^\s*(?:(?:re|fwd?)\s*:\s*)?[\[(\"'*]*(?:(?:please\s+)?(?:un-?subscribe|opt[ -]?out|remove me|stop|"
    r"take me off)|abmelden|abbestellen|austragen|d[ée]sinscri[\pL\d_]+|"
    r"se d[ée]sabonner|darse? de baja|cancelar (?:la )?suscripci[óo]n|baja|descadastrar|"
    r"cancelar (?:a )?inscri[çc][ãa]o|disiscri[\pL\d_]+|cancella(?:zione|mi)|uitschrijven|afmelden|"
    r"отписаться|отписка|退订|取消订阅|退訂|配信停止|購読解除|"
    r"berhenti berlangganan)[\])\"'*!. ]*(?:$|(?:me|from|request|list|"
    r"anfrage|von)\b)"
)
_UNSUBSCRIBE_TO = phrases(r"(?:^|<|[.+_-])(?:unsub(?:scribe)?|opt-?out|leave|remove|list-unsubscribe|u)[.+_=@-]")
_COMPLAINT_SUBJECT = phrases(
    r"^\s*complaint about message from|e?mail feedback report for|abuse report for (?:ip|message)|^\s*spam complaint"
)
_FORWARDED = re.compile(r"^\s*(?:fwd?|wg|tr|rv|enc|i|fw)\s*:\s*", re.IGNORECASE)
_ANSWER = re.compile(r"^\s*(?:re|aw|sv|antw?|odp|r|回复|答复|回覆|res)(?:\[\d+\])?\s*:", re.IGNORECASE)
_AUTO_WORDS = phrases(
    r"out of (?:the )?office|(?:currently|am) (?:away|out|on (?:leave|vacation|holiday))|on (?:annual )?leave|"
    r"(?:i|i'll|i will) (?:be )?(?:back|away|traveling|travelling)|be back (?:on|in the)|"
    r"limited access to (?:my )?e-?mail|"
    r"nicht im (?:b[üu]ro|hause)|abwesend|en cong[ée]s?|absent|fuera de (?:la )?oficina|de vacaciones|"
    r"de f[ée]rias|fora do|in ferie|fuori (?:sede|ufficio)|afwezig|в отпуске|отсутств|不在|休暇|休假|cuti|"
    r"tidak berada di kantor"
)
_LIKE_LIST = ("list-id", "list-unsubscribe", "list-post")


def is_complaint(mail: Mail, subject: str) -> bool:
    """A feedback report by its parts, its type, or the subject that two providers use instead."""
    return (
        bool(mail.feedback)
        or "feedback-report" in mail.head.get("content-type", "").lower()
        or bool(_COMPLAINT_SUBJECT.search(subject) and (mail.returned or mail.type.startswith("multipart/")))
    )


def forwarded(subject: str) -> bool:
    """Sent on by a person."""
    return _FORWARDED.match(subject) is not None


def is_report(head: Head, subject: str, notice: str, returned: bool = False) -> bool:
    """Did a mail system write this, about mail that it could not deliver? Two of three must say so: sender, subject,
    text; an answer to a report is none. ``returned``: a message comes back with it."""
    if "x-failed-recipients" in head or "x-bounced-address" in head:
        return True
    if _ANSWER.match(subject):
        return False
    sender = head.get("from", "")
    system = bool(_FROM.search(sender)) or sender.strip() in ("", "<>") or sender.rstrip().endswith("<>")
    null_sender = head.get("return-path", "?").strip() in ("<>", "")
    about = bool(_SUBJECT.search(subject))
    said = bool(_WORDS.search(notice))
    if any(name in head for name in _LIKE_LIST) and not (system and about):
        return False
    if "x-mlserver" in head and about:
        return True
    if returned and said and "no-reply" in sender.lower():
        return True
    return (system and (about or said)) or (null_sender and about and said) or (about and said and _by_machine(head))


def _by_machine(head: Head) -> bool:
    return head.get("auto-submitted", "").lower().startswith("auto-gen") or head.get("from", "").lower().startswith(
        ("no-reply", "noreply", "<no-reply", "<noreply", "facebook")
    )


def is_delay(subject: str, notice: str) -> bool:
    """Does a report without status fields say that the message is still on its way?"""
    if _DELAY_WORDS.search(notice):
        return not _GAVE_UP.search(notice) or bool(_DELAY_SUBJECT.search(subject))
    return bool(_DELAY_SUBJECT.search(subject)) and not _GAVE_UP.search(notice)


def other_kind(head: Head, subject: str, text: str) -> Kind:
    """What a mail is that is no report: an automatic one, or plain mail (RFC 3834 and the usual forms)."""
    if "x-apple-unsubscribe" in head or (
        _UNSUBSCRIBE.match(subject) and (_short(text) or _UNSUBSCRIBE_TO.search(head.get("to", "")))
    ):
        return Kind.UNSUBSCRIBE
    if _CHALLENGE.search(subject) or _CHALLENGE_FROM.search(head.get("from", "")):
        return Kind.CHALLENGE
    automatic = _automatic(head)
    if automatic and _CHALLENGE.search(text[:2000]):
        return Kind.CHALLENGE
    if _AUTO_SUBJECT.match(subject):
        return Kind.AUTO_REPLY
    if automatic is None:
        return Kind.ORDINARY
    return Kind.AUTO_REPLY if automatic or _AUTO_WORDS.search(text[:2000]) else Kind.ORDINARY


def _automatic(head: Head) -> bool | None:
    """True: an answer by a machine; False: a machine's mail, perhaps an answer; None: no sign of it."""
    submitted = head.get("auto-submitted", "").lower()
    if submitted.startswith("auto-replied"):
        return True
    if any(
        name.startswith(
            (
                "x-autoreply",
                "x-auto-reply",
                "x-autorespon",
                "x-auto-respond",
                "x-vacation",
                "x-away",
                "x-mail-autoreply",
                "auto-reply",
            )
        )
        for name in head
    ):
        return True
    if head.get("precedence", "").lower() in ("auto_reply", "auto-reply", "autoreply"):
        return True
    if submitted.startswith(("auto-gen", "auto-notified")) or "x-auto-response-suppress" in head:
        return False
    if head.get("return-path", "?").strip() in ("<>", "") and ("in-reply-to" in head or "references" in head):
        return False
    return None


def _short(text: str) -> bool:
    return len(text.strip()) < 600
