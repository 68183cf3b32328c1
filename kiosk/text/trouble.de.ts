/** What can go wrong, in German: what happened, and what to do. */
import type { Catalogue } from './catalogue.ts';
import { plural } from './format.ts';

export const troubleDe: Catalogue['trouble'] = {
  todoTitle: 'Was Sie tun können',
  recover: {
    retry: 'Versuchen Sie es noch einmal.',
    're-enter-pin': 'Geben Sie die PIN langsam noch einmal ein.',
    reinsert: 'Nehmen Sie die Karte heraus, und stecken Sie sie wieder ein.',
    'other-token':
      'Nehmen Sie die Karte heraus. Wenn Sie eine andere Karte zum Unterschreiben haben, nehmen Sie diese. Sonst fragen Sie am Schalter.',
    'ask-staff': 'Fragen Sie am Schalter.',
    none: 'Sie können jederzeit neu beginnen.',
  },
  entry: (entry) => `Eintrag ${entry} im Protokoll`,
  pinTries: (value, shown) =>
    plural('de', value, shown, { one: 'Noch # Versuch für die PIN dieser Karte', other: 'Noch # Versuche für die PIN dieser Karte' }),
  fingerTries: (value, shown) =>
    plural('de', value, shown, { one: 'Noch # Versuch für Ihren Finger', other: 'Noch # Versuche für Ihren Finger' }),
  wait: (value, shown) =>
    plural('de', value, shown, {
      one: 'In # Sekunde können Sie es wieder versuchen.',
      other: 'In # Sekunden können Sie es wieder versuchen.',
    }),
  takeCard: 'Nehmen Sie Ihre Karte',
  problems: {
    'no-token': { title: 'Keine Karte', happened: 'Im Leser steckt keine Karte.', todo: 'Stecken Sie Ihre Karte ein, um neu zu beginnen.' },
    'token-removed': {
      title: 'Abgebrochen',
      happened: 'Die Karte wurde herausgenommen. Damit ist der Besuch beendet.',
      todo: 'Wenn Sie weitermachen möchten, beginnen Sie mit eingesteckter Karte neu.',
    },
    'token-changed': {
      title: 'Das ist eine andere Karte',
      happened: 'Im Leser steckt nicht die Karte, mit der der Besuch begann.',
      todo: 'Nehmen Sie die Karte heraus, und beginnen Sie neu mit der Karte, mit der Sie unterschreiben möchten.',
    },
    'two-tokens': {
      title: 'Zwei Karten zugleich',
      happened: 'Die Station sieht mehr als eine Karte und weiß nicht, welche Ihre ist.',
      todo: 'Lassen Sie nur Ihre eigene Karte stecken.',
    },
    'unsupported-token': { title: 'Diese Karte kann hier nicht unterschreiben', happened: 'Die Station kennt diese Art von Karte nicht.' },
    'reader-lost': {
      title: 'Der Kartenleser ist weg',
      happened: 'Die Station hat die Verbindung zum Kartenleser verloren.',
      todo: 'Nehmen Sie Ihre Karte, und fragen Sie am Schalter.',
    },
    'fingerprint-reader-lost': {
      title: 'Der Fingerabdruckleser ist weg',
      happened: 'Die Station hat die Verbindung zum Fingerabdruckleser verloren.',
    },
    busy: {
      title: 'Die Karte ist beschäftigt',
      happened: 'Ein anderes Programm benutzt die Karte.',
      todo: 'Warten Sie ein paar Sekunden, und versuchen Sie es dann noch einmal.',
    },
    'pin-wrong': { title: 'Die PIN war falsch', happened: 'Die Karte hat diese PIN nicht angenommen.' },
    'pin-locked': {
      title: 'Die PIN ist gesperrt',
      happened: 'Die falsche PIN wurde zu oft eingegeben. Darum hat sich die Karte gesperrt.',
      todo: 'Nehmen Sie die Karte heraus. Der Aussteller kann sie entsperren. Wenn Sie eine andere Karte zum Unterschreiben haben, können Sie diese nehmen.',
    },
    'pin-length': {
      title: 'Die PIN hat eine andere Länge',
      happened: 'Die PIN hatte nicht die Zahl von Ziffern, die diese Karte annimmt. Es wurde kein Versuch verbraucht.',
    },
    'pin-expired': {
      title: 'Die PIN muss geändert werden',
      happened: 'Diese Karte verlangt eine neue PIN, bevor sie unterschreibt. Das geht hier nicht.',
      todo: 'Nehmen Sie die Karte heraus, und fragen Sie den Aussteller, wie Sie die PIN ändern.',
    },
    'pin-timeout': {
      title: 'Es wurde keine PIN eingegeben',
      happened: 'Der Kartenleser hat auf Ihre PIN gewartet, und sie war nicht rechtzeitig fertig eingegeben.',
      todo: 'Halten Sie Ihre PIN bereit, und versuchen Sie es noch einmal. Wenn Sie länger brauchen oder die Tasten des Lesers nicht gehen, fragen Sie am Schalter.',
    },
    'not-matched': {
      title: 'Der Finger wurde nicht erkannt',
      happened: 'Es ist nicht der Finger, der zu dieser Karte hinterlegt ist, oder der Leser konnte ihn nicht gut sehen.',
      todo: 'Trocknen Sie den Finger, und nehmen Sie den hinterlegten. Legen Sie ihn flach auf den Leser.',
    },
    'reader-locked': {
      title: 'Der Fingerabdruckleser ist gesperrt',
      happened: 'Zu viele Finger wurden nicht erkannt. Darum hat sich der Leser gesperrt.',
    },
    'touch-timeout': {
      title: 'Kein Finger gespürt',
      happened: 'Niemand hat den Fingerabdruckleser rechtzeitig berührt.',
      todo: 'Legen Sie den Finger auf, sobald der Bildschirm es verlangt.',
    },
    'assertion-refused': {
      title: 'Der Finger konnte nicht bestätigt werden',
      happened: 'Die Antwort des Fingerabdrucklesers passte nicht zu diesem Dokument.',
    },
    'finger-paused': {
      title: 'Eine kurze Pause',
      happened: 'Zu viele Finger hintereinander wurden nicht erkannt. Vor dem nächsten Versuch müssen Sie etwas warten.',
      todo: 'Trocknen Sie in der Pause den Finger. Wird er wieder nicht erkannt, fragen Sie am Schalter.',
    },
    'finger-disabled': {
      title: 'Ihr Finger kann jetzt nicht benutzt werden',
      happened: 'Er wurde zu oft hintereinander nicht erkannt.',
      todo: 'Nehmen Sie die Karte, und fragen Sie am Schalter. Der Finger muss neu hinterlegt werden.',
    },
    'vouch-lapsed': {
      title: 'Niemand bürgt mehr für Sie',
      happened: 'Jemand vom Schalter hatte dafür gebürgt, dass Sie es sind. Das gilt kurze Zeit und einmal, und das ist vorbei.',
      todo: 'Nehmen Sie die Karte heraus, und lassen Sie am Schalter noch einmal für sich bürgen.',
    },
    'not-enrolled': {
      title: 'Zu dieser Karte ist kein Finger hinterlegt',
      happened: 'Vor der ersten Unterschrift wird Ihr Finger einmal am Schalter hinterlegt.',
      todo: 'Lassen Sie Ihren Finger am Schalter hinterlegen.',
    },
    cancelled: { title: 'Abgebrochen', happened: 'Der Besuch wurde beendet.' },
    'not-reached': { title: 'Nicht unterschrieben', happened: 'Das Unterschreiben war zu Ende, bevor dieses Dokument an der Reihe war.' },
    'idle-timeout': {
      title: 'Der Besuch ist beendet',
      happened: 'Eine Weile hat niemand den Bildschirm berührt. Darum wurde alles gelöscht.',
    },
    'no-usable-key': {
      title: 'Auf dieser Karte ist kein Schlüssel zum Unterschreiben',
      happened: 'Die Karte funktioniert, aber nichts auf ihr ist zum Unterschreiben von Dokumenten gemacht.',
    },
    'certificate-unusable': {
      title: 'Diese Karte darf keine Dokumente unterschreiben',
      happened: 'Das Zertifikat auf der Karte wurde für einen anderen Zweck ausgestellt.',
    },
    'certificate-revoked': {
      title: 'Die Karte ist gesperrt',
      happened: 'Ihr Aussteller hat diese Karte zurückgezogen, zum Beispiel weil sie als verloren gemeldet wurde.',
      todo: 'Nehmen Sie die Karte heraus. Wenn Sie eine andere Karte zum Unterschreiben haben, nehmen Sie diese. Sonst fragen Sie den Aussteller.',
    },
    'revocation-unknown': {
      title: 'Die Karte lässt sich jetzt nicht prüfen',
      happened: 'Vor dem Unterschreiben sieht die Station nach, ob Ihre Karte gesperrt ist. Die Liste dafür fehlt oder ist zu alt.',
      todo: 'Nehmen Sie die Karte heraus, und fragen Sie am Schalter. Die Station braucht eine neue Sperrliste.',
    },
    'certificate-expired': {
      title: 'Die Karte ist abgelaufen',
      happened: 'Das Zertifikat auf dieser Karte hat seinen letzten Tag hinter sich.',
    },
    'certificate-not-yet-valid': {
      title: 'Die Karte gilt noch nicht',
      happened: 'Das Zertifikat auf dieser Karte beginnt erst an einem späteren Tag.',
    },
    'certificate-untrusted': {
      title: 'Der Aussteller dieser Karte ist hier nicht bekannt',
      happened: 'Die Station unterschreibt nur mit Karten der Aussteller auf ihrer Liste.',
    },
    'mechanism-unsupported': {
      title: 'Diese Karte kann hier nicht unterschreiben',
      happened: 'Die Karte bietet keine Art von Signatur an, die heute sicher ist.',
    },
    'module-crashed': {
      title: 'Die Karte antwortet nicht mehr',
      happened: 'Das Programm, das mit der Karte spricht, ist stehen geblieben und wurde neu gestartet.',
    },
    'module-timeout': {
      title: 'Die Karte antwortet nicht mehr',
      happened: 'Die Station hat auf die Karte gewartet, und es kam keine Antwort.',
    },
    'device-error': {
      title: 'Die Karte meldet einen Fehler',
      happened: 'Die Karte oder ihr Leser hat einen Fehler gemeldet. Ihre PIN wurde nicht bewertet.',
    },
    'signature-refused': {
      title: 'Die Unterschrift hat die Prüfung nicht bestanden',
      happened: 'Die Karte hat eine Unterschrift gemacht, die nicht zum Dokument passt. Sie wurde verworfen.',
    },
    'outcome-unknown': {
      title: 'Es ist nicht bekannt, ob Ihre Karte unterschrieben hat',
      happened: 'Die Karte sollte unterschreiben, und ihre Antwort kam nie an. Das Dokument wurde nicht ausgegeben.',
      todo: 'Beginnen Sie nicht neu, bevor am Schalter jemand ins Protokoll gesehen hat.',
    },
    'document-refused': {
      title: 'Dieses Dokument kann hier nicht unterschrieben werden',
      happened: 'Die Station hat das Dokument geprüft und einen Grund gefunden, es nicht zu unterschreiben.',
    },
    'document-changed': {
      title: 'Das Dokument hat sich geändert',
      happened: 'Es ist nicht mehr das Dokument, das Sie gelesen haben. Darum wurde es nicht unterschrieben.',
    },
    'output-failed': {
      title: 'Das unterschriebene Dokument konnte nicht gespeichert werden',
      happened: 'Die Station konnte es nicht auf ihre Platte schreiben.',
    },
    'no-space': {
      title: 'Die Platte dieser Station ist fast voll',
      happened: 'Sie unterschreibt nichts, bis wieder Platz ist. Von Ihrer Karte wurde nichts verlangt.',
    },
    'log-unavailable': {
      title: 'Außer Betrieb',
      happened: 'Die Station kann ihr Protokoll nicht schreiben, und ohne Protokoll unterschreibt sie nicht.',
    },
    fault: { title: 'Außer Betrieb', happened: 'Die Station hat bei sich selbst einen Fehler gefunden und angehalten.' },
  },
  refusals: {
    'not-a-file': 'Das ist keine einzelne Datei.',
    unreadable: 'Die Datei lässt sich nicht lesen.',
    empty: 'Die Datei ist leer.',
    'too-large': 'Die Datei ist größer, als diese Station annimmt.',
    'not-a-pdf': 'Die Datei ist kein PDF.',
    'junk-before-header': 'In der Datei steht etwas vor dem Anfang des Dokuments.',
    'junk-after-end': 'In der Datei steht etwas nach dem Ende des Dokuments.',
    encrypted: 'Das Dokument ist mit einem Kennwort geschützt.',
    damaged: 'Das Dokument ist beschädigt.',
    'no-pages': 'Das Dokument hat keine Seiten.',
    'too-many-pages': 'Das Dokument hat mehr Seiten, als diese Station annimmt.',
    'certified-no-changes': 'Der Verfasser hat das Dokument gegen jede Änderung versiegelt, auch gegen eine Unterschrift.',
    'no-such-field': 'Die Stelle, an der das Dokument unterschrieben werden soll, gibt es nicht, oder sie trägt schon eine Unterschrift.',
    'field-demands': 'Die Stelle für die Unterschrift verlangt etwas, das diese Station nicht kann.',
    'not-first-signature': 'Nur die erste Unterschrift kann ein Dokument versiegeln, und dieses ist schon unterschrieben.',
    'too-complex': 'Das Dokument ist so gebaut, dass es sich nicht sicher prüfen lässt.',
    scripts: 'Das Dokument enthält ein Programm, das in ihm ablaufen würde.',
    'launches-programs': 'Das Dokument kann andere Programme starten.',
    'dynamic-form': 'Das Dokument ist ein XFA-Formular, das in jedem Programm anders aussieht.',
    'rich-media': 'Das Dokument enthält Ton, Film oder 3D.',
    'embedded-files': 'In das Dokument sind andere Dateien eingepackt.',
    'external-content': 'Teile des Dokuments stehen nicht in der Datei selbst.',
    'sends-data': 'Das Dokument kann Eingaben anderswohin senden.',
    'acts-when-opened': 'Das Dokument tut beim Öffnen etwas von selbst.',
    'hidden-content': 'Teile des Dokuments sind verborgen oder werden anders gedruckt als angezeigt.',
    'fonts-not-embedded': 'Das Dokument bringt seine Schriften nicht mit; sein Text kann anderswo anders aussehen.',
    'signature-broken': 'Eine Unterschrift, die schon im Dokument steht, hält der Prüfung nicht stand.',
    'active-content': 'Die Datei ist ein Programm oder kann eines starten.',
    'class-needs-pdf': 'Dateien dieser Art werden hier in einem PDF unterschrieben, und diese ist keines.',
    'packed-unread': 'Die Datei ist so gepackt oder gebaut, dass diese Station nicht hineinsehen kann.',
    'took-too-long': 'Die Prüfung des Dokuments hat zu lange gedauert und wurde beendet.',
    'examination-failed': 'Die Prüfung des Dokuments ist abgebrochen.',
  },
};
