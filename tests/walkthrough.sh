#!/usr/bin/env bash
# The main story of CareHub on a running hub: `make dev` in one terminal, this in another.
# Everyone in it is new each time, so it can be told again and again on the same data.
#
#   CAREHUB                address of the hub, http://localhost:8000 if nothing is said
#   ADMIN, ADMIN_PASSWORD  who approves the hospital, the demo account if nothing is said
set -euo pipefail

hub=${CAREHUB:-http://localhost:8000}
hub=${hub%/}
password=quiet-lantern-97
chosen=copper-window-58
answer=

stop() {
    printf '\n  ✗ %s\n' "$*" >&2
    exit 1
}

say() {
    printf '  ✓ %s\n' "$*"
}

# json name=text name:=value …  prints an object; what follows := is JSON already.
json() {
    python3 -c '
import json, sys
fields = {}
for field in sys.argv[1:]:
    name, sign, value = field.partition(":=")
    if sign:
        fields[name] = json.loads(value)
    else:
        name, _, value = field.partition("=")
        fields[name] = value
print(json.dumps(fields))' "$@"
}

# field a.0.b  prints that part of the last answer; an absent one prints nothing.
field() {
    python3 -c '
import json, sys
part = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    try:
        part = part[int(name)] if isinstance(part, list) else part[name]
    except (IndexError, KeyError, TypeError, ValueError):
        sys.exit()
print(part if isinstance(part, str) else json.dumps(part))' "$1" <<<"$answer"
}

# call STATUS TOKEN METHOD PATH [JSON]  asks the hub, and stops unless it answers with STATUS.
call() {
    local wanted=$1 token=$2 method=$3 path=$4 status
    local -a options=(--silent --show-error --max-time 30 --request "$method")
    if [ "$token" != - ]; then options+=(--header "Authorization: Bearer $token"); fi
    if [ $# -gt 4 ]; then options+=(--header 'Content-Type: application/json' --data "$5"); fi
    answer=$(curl "${options[@]}" --write-out '\n%{http_code}' "$hub$path") ||
        stop "$method $path got no answer from $hub – does the hub run? (make dev)"
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    [ "$status" = "$wanted" ] || stop "$method $path answered $status instead of $wanted: $answer"
}

# expect WHAT IS WANTED  stops unless the two are the same.
expect() {
    [ "$2" = "$3" ] || stop "$1 is '$2' instead of '$3'"
}

# number  prints a phone number that nobody has.
number() {
    python3 -c 'import secrets; print(f"+92300{secrets.randbelow(10**7):07}")'
}

# the_code PHONE  prints the code in the newest SMS to a phone, which takes a moment to get there.
the_code() {
    for _ in {1..50}; do
        call 200 - GET "/dev/outbox.json?to=%2B${1#+}"
        if [[ $(field results.0.text) =~ ([0-9]{6}) ]]; then
            echo "${BASH_REMATCH[1]}"
            return
        fi
        sleep 0.1
    done
    stop "no SMS to $1 arrived within five seconds"
}

# told PHONE WORDS  prints the newest SMS to a phone once it has these words in it.
told() {
    for _ in {1..50}; do
        call 200 - GET "/dev/outbox.json?to=%2B${1#+}"
        if [[ $(field results.0.text) == *"$2"* ]]; then
            field results.0.text
            return
        fi
        sleep 0.1
    done
    stop "no SMS to $1 with '$2' arrived within five seconds"
}

# heard WORDS  waits until the patient's live connection has said this.
heard() {
    for _ in {1..50}; do
        if grep --quiet --fixed-strings "$1" "$news"; then return; fi
        sleep 0.1
    done
    stop "nothing with '$1' was heard within five seconds"
}

# put FILE  uploads a file to the address in the last answer, with the headers that are signed.
put() {
    local -a options=(--silent --show-error --max-time 30 --upload-file "$1")
    while IFS= read -r header; do options+=(--header "$header"); done < <(
        field headers | python3 -c '
import json, sys
for name, value in json.load(sys.stdin).items():
    print(f"{name}: {value}")')
    curl "${options[@]}" --output /dev/null --write-out '%{http_code}' "$(field url)"
}

# inspected TOKEN REPORT  asks for a report until its file was inspected, which takes a moment.
inspected() {
    for _ in {1..50}; do
        call 200 "$1" GET "/api/records/reports/$2"
        if [ "$(field file_status)" != PENDING ]; then return; fi
        sleep 0.1
    done
    stop "the file of $2 was not inspected within five seconds"
}

# day NUMBER [TIME]  prints the day that many days ahead in UTC, or such a time on it.
day() {
    python3 -c '
import sys
from datetime import datetime, timedelta, timezone
day = (datetime.now(timezone.utc) + timedelta(days=int(sys.argv[1]))).date().isoformat()
print("T".join([day, *sys.argv[2:]]))' "$@"
}

# soon  prints the minute that begins next, in UTC.
soon() {
    python3 -c '
from datetime import datetime, timedelta, timezone
print((datetime.now(timezone.utc) + timedelta(minutes=1)).strftime("%H:%M"))'
}

# newcomer NAME PHONE  registers a patient and prints their access token.
newcomer() {
    call 201 - POST /api/auth/register "$(json \
        username="$1_$tag" email="$1-$tag@example.org" password="$password" \
        first_name="$1" last_name="Patient $tag" phone="$2" consent:=true)"
    field access
}

# totals TOKEN  prints the numbers that this story moves.
totals() {
    call 200 "$1" GET /api/accounts/dashboard-stats
    echo "$(field approved_hospitals) $(field total_doctors) $(field total_patients)"
}

# moved TOKEN BEFORE  prints the totals once each is more than before, which takes a moment.
moved() {
    local -a old new
    read -r -a old <<<"$2"
    for _ in {1..50}; do
        read -r -a new <<<"$(totals "$1")"
        if ((new[0] > old[0] && new[1] > old[1] && new[2] > old[2])); then
            echo "${new[*]}"
            return
        fi
        sleep 0.1
    done
    stop "the totals are still ${new[*]} after five seconds; they were ${old[*]}"
}

for tool in curl python3; do
    command -v "$tool" >/dev/null || stop "$tool is not installed"
done

tag=$(python3 -c 'import secrets; print(secrets.token_hex(4))')
hospital_user=hospital_$tag
patient_user=patient_$tag
patient_phone=$(number)
# Somewhere in Lahore where no earlier story was told.
read -r lat lng <<<"$(python3 -c '
from random import uniform
print(f"{uniform(31.3, 31.7):.4f} {uniform(74.1, 74.5):.4f}")')"

echo "CareHub at $hub, story $tag"

call 200 - GET /health
say "the hub is $(field status), version $(field version)"

call 201 - POST /api/hospitals/register "$(json \
    username="$hospital_user" email="owner-$tag@example.org" \
    password="$password" password_confirm="$password" \
    first_name=Olga last_name=Owner phone_number="$(number)" \
    hospital_name="Hospital $tag" license_number="LIC-$tag" \
    hospital_email="desk-$tag@example.org" hospital_phone="$(number)" \
    address='1 Example Road, Lahore' location=Lahore latitude:="$lat" longitude:="$lng")"
hospital=$(field hospital.id)
expect 'the status of the hospital' "$(field hospital.status)" PENDING
say "a hospital registers: $hospital is $(field hospital.status)"

call 401 - POST /api/auth/login "$(json username="$hospital_user" password="$password")"
say "until it is approved it cannot sign in: $(field code)"

call 200 - POST /api/auth/login "$(json \
    username="${ADMIN:-admin}" password="${ADMIN_PASSWORD:-admin123}")"
admin=$(field access)
before=$(totals "$admin")
say 'an admin signs in'

call 200 "$admin" PATCH "/api/hospitals/$hospital/approve" "$(json is_approved:=true)"
expect 'the status of the hospital' "$(field hospital.status)" APPROVED
say "and approves the hospital: $(field hospital.status)"

call 200 - POST /api/auth/login "$(json username="$hospital_user" password="$password")"
manager=$(field access)
say "the hospital signs in as $(field user.username)"

call 201 "$manager" POST /api/hospitals/departments "$(json name=Cardiology)"
department=$(field id)
say "it opens a department: $(field name)"

call 201 "$manager" POST /api/hospitals/doctors/create "$(json \
    first_name=Ali last_name=Mehmood email="ali-$tag@example.org" phone_number="$(number)" \
    specialization=Cardiology department="$department" license_number="PMC-$tag")"
doctor_id=$(field doctor.id)
doctor_user=$(field credentials.username)
doctor_password=$(field credentials.password)
say "it creates a doctor: $doctor_user, with a password that is shown once"

call 200 - POST /api/auth/login "$(json username="$doctor_user" password="$doctor_password")"
doctor=$(field access)
expect 'must_change_password' "$(field user.must_change_password)" true
call 403 "$doctor" GET /api/hospitals
expect 'the code of the problem' "$(field code)" password-change-due
say "the doctor signs in and can do nothing yet: $(field code)"

call 200 "$doctor" POST /api/auth/change-password "$(json \
    old_password="$doctor_password" new_password="$chosen" new_password_confirm="$chosen")"
doctor=$(field access)
expect 'must_change_password' "$(field user.must_change_password)" false
say 'the doctor chooses a password and goes on'

call 201 - POST /api/accounts/patients/register "$(json \
    username="$patient_user" email="$patient_user@example.org" \
    password="$password" password_confirm="$password" \
    first_name=Ana last_name=Diaz phone_number="$patient_phone" consent:=true)"
say "a patient registers: $patient_user, phone …${patient_phone: -4}"

call 200 - POST /api/auth/login "$(json username="$patient_user" password="$password")"
patient=$(field access)
patient_id=pat_$(field user.id | cut -d _ -f 2)
call 200 "$patient" PATCH "/api/patients/$patient_id" "$(json \
    allergy_status=NONE_KNOWN current_medications:='["Simvastatin"]')"
say "she has no allergies and takes $(field current_medications)"

scan=$(mktemp) news=$(mktemp) listener=
trap 'rm -f "$scan" "$news"; if [ -n "$listener" ]; then kill "$listener" 2>/dev/null || true; fi' EXIT
printf '%%PDF-1.4\n%% %s\ntrailer<<>>\n%%%%EOF\n' "$tag" >"$scan"
call 201 "$patient" POST /api/uploads/presign "$(json \
    file_name=ecg.pdf content_type=application/pdf size:="$(stat -c %s "$scan")" \
    sha256="$(sha256sum "$scan" | cut -d ' ' -f 1)")"
upload=$(field upload_id)
expect 'the status of the upload' "$(put "$scan")" 200
reports=/api/records/patients/$patient_id/reports
call 201 "$patient" POST "$reports/upload" "$(json upload_id="$upload" file_type=OTHER title=ECG)"
report=$(field report.id)
inspected "$patient" "$report"
expect 'the status of the file' "$(field file_status)" CLEAN
curl --silent --show-error --fail --max-time 30 --output - "$(field file_url)" | cmp --silent - "$scan" ||
    stop 'the file that comes back is another'
say "she uploads an ECG, which is inspected and comes back as it was: $report"

call 404 "$doctor" GET "$reports"
say "to the doctor she does not even exist: $(field code)"

call 200 "$doctor" POST /api/accounts/otp/generate "$(json patient_phone="$patient_phone")"
say "the doctor asks for the code: it goes to …$(field phone_number), good until $(field expires_at)"

code=$(the_code "$patient_phone")
say "the phone shows it: $code"

call 200 "$doctor" POST /api/accounts/otp/verify "$(json patient_phone="$patient_phone" otp="$code")"
expect 'verified' "$(field verified)" true
say "the doctor enters it and has access until $(field access_granted_until)"

call 400 "$doctor" POST /api/accounts/otp/verify "$(json patient_phone="$patient_phone" otp="$code")"
say "the code opens nothing twice: $(field code)"

call 200 "$doctor" GET "$reports"
expect 'the report that the doctor reads' "$(field results.0.id)" "$report"
say "and reads the report: $(field results.0.title)"

call 200 "$patient" GET /api/accounts/access-grants
expect 'the doctor in the grant' "$(field results.0.doctor)" "$doctor_id"
expect 'the grant' "$(field results.0.is_active)" true
say "the patient sees who may read: $(field results.0.doctor)"

call 200 "$patient" GET /api/accounts/access-log
expect 'the entry before the last of the access log' "$(field results.1.action)" OTP_VERIFIED
say "since when, and what was read: $(field results.1.action), $(field results.0.action) at $(field results.0.timestamp)"

call 200 "$patient" GET "/api/hospitals/nearby?lat=$lat&lng=$lng&radius_km=5"
expect 'the nearest hospital' "$(field hospitals.0.id)" "$hospital"
say "and looks around: $(field count) within 5 km, the nearest is $(field hospitals.0.name)"

call 201 "$patient" POST /api/appointments "$(json hospital="$hospital" department="$department" \
    requested_time="$(day 1 10:00:00Z)" reason='Chest pain when climbing stairs')"
visit=$(field id)
expect 'the status of the request' "$(field status)" REQUESTED
say "the patient asks $(field department_name) for an appointment: $visit"

call 200 "$manager" GET /api/appointments/hospital-appointments
expect 'the request that the hospital sees' "$(field results.0.id)" "$visit"
call 200 "$manager" POST "/api/appointments/$visit/assign-doctor" "$(json doctor_id="$doctor_id")"
expect 'the status of the appointment' "$(field status)" CONFIRMED
say "the hospital gives it to $(field doctor_name): $(field start)"

call 200 "$manager" POST "/api/appointments/$visit/check-in"
call 409 "$manager" POST "/api/appointments/$visit/check-in"
say "the patient comes, and is checked in once: $(field code)"

call 200 "$doctor" POST "/api/appointments/$visit/start"
expect 'the status of the appointment' "$(field status)" IN_PROGRESS
call 201 "$doctor" POST "/api/consultations/$visit/symptoms" "$(json \
    symptom='Chest pain' severity=MODERATE duration='two weeks')"
symptom=$(field id)
call 201 "$doctor" POST "/api/consultations/$visit/vital-signs" "$(json \
    blood_pressure_systolic:=142 blood_pressure_diastolic:=91 heart_rate:=88)"
call 201 "$doctor" POST "/api/consultations/$visit/diagnosis" "$(json \
    diagnosis='Stable angina' icd_code=I20.9 diagnosis_type=PRIMARY)"
say "the doctor starts the visit, and notes symptom, blood pressure and diagnosis: $(field icd_code)"

call 201 "$patient" POST /api/realtime/tickets '{}'
python3 -B "$(dirname "$0")/live.py" "$(field url)" --since 0 --for 60 >"$news" &
listener=$!
heard '"ready"'
call 201 "$doctor" POST "/api/consultations/$visit/notes" "$(json note='Stairs again in a week.')"
heard '"consultation"'
say "the doctor writes a note, and the patient's screen hears of it: $(tail -n 1 "$news")"

call 200 "$doctor" POST "/api/appointments/$visit/complete" "$(json doctor_notes='Back in a month.')"
expect 'the status of the appointment' "$(field status)" COMPLETED
call 201 "$doctor" POST "/api/consultations/$visit/symptoms" "$(json symptom=Fatigue)"
expect 'is_addendum' "$(field is_addendum)" true
call 409 "$doctor" DELETE "/api/consultations/$visit/symptoms/$symptom"
say "the visit is complete; there are addenda, and what was written down stays: $(field code)"

question=$(json medicine_name='Zestril 10 mg' patient_info:='{"age": 47, "sex": "MALE",
    "allergies": ["none"], "comorbidities": ["diabetes"], "current_medications": ["Metformin"]}')
call 200 "$doctor" POST /api/recommendations "$question"
expect 'what the queue answers' "$(field outcome)" ALTERNATIVES
say "the doctor asks what could be given instead, and a draft comes by the queue: $(field suggestion)"

prescription=$(json patient="$patient_id" appointment="$visit" diagnosis='Acute bronchitis' \
    medicines:='[{"name": "Clarithromycin", "strength": "500 mg", "dosage": "1 tablet",
        "frequency": "twice_daily", "duration_days": 7}]')
call 409 "$doctor" POST /api/prescriptions "$prescription"
expect 'the code of the problem' "$(field code)" safety-stop
say "the doctor prescribes an antibiotic and is stopped: $(field errors.0.detail)"

reason='Simvastatin is paused for the seven days; she was told.'
call 201 "$doctor" POST /api/prescriptions "${prescription%\}}, \"override_reason\": \"$reason\"}"
prescribed=$(field id)
expect 'the reason that is kept' "$(field overrides.0.reason)" "$reason"
say "with a reason it is written, and the reason stays with it: $(field prescription_number)"

call 200 "$patient" GET "/api/prescriptions/$prescribed"
address=$(field verification_url)
medicine=$(field medicines.0.id)
code=${address##*/}
curl --silent --show-error --fail --max-time 30 --header "Authorization: Bearer $patient" --output "$scan" \
    "$hub/api/prescriptions/$prescribed/pdf"
expect 'what the print begins with' "$(head -c 5 "$scan")" %PDF-
call 200 - GET "/api/prescriptions/verify/$code"
expect 'whether it is genuine' "$(field genuine) $(field status)" 'true ACTIVE'
say "the patient prints it, and whoever reads the code on it learns that it is genuine: $(field status)"

call 200 "$patient" POST "/api/prescriptions/$prescribed/send-to-pharmacy" "$(json \
    pharmacy_name='Example Pharmacy')"
call 200 "$manager" POST "/api/prescriptions/$prescribed/dispense"
call 200 - GET "/api/prescriptions/verify/$code"
expect 'the state of the prescription' "$(field status)" DISPENSED
call 409 "$manager" POST "/api/prescriptions/$prescribed/dispense"
say "the pharmacy hands the medicine out, once: $(field code)"

call 201 "$patient" POST /api/prescriptions/reminders "$(json medication="$medicine" \
    reminder_times:="[\"$(soon)\"]" sms_enabled:=true)"
say "the patient wants to be reminded of it at $(field reminder_times.0) UTC"
for _ in {1..90}; do
    call 200 - POST /dev/schedules/housekeeping/Reminders/run
    call 200 "$patient" GET '/api/notifications?type=MEDICATION_REMINDER'
    if [ -n "$(field results.0.id)" ]; then break; fi
    sleep 1
done
expect 'the type of the notification' "$(field results.0.notification_type)" MEDICATION_REMINDER
text=$(told "$patient_phone" "$(field results.0.message | cut -c 1-20)")
say "its schedule is run now until it is time, and the phone shows: $text"

call 200 "$patient" GET "/api/consultations/$visit/diagnosis"
expect 'the diagnosis that the patient reads' "$(field results.0.diagnosis)" 'Stable angina'
call 201 "$patient" POST "/api/doctors/$doctor_id/reviews" "$(json \
    rating:=5 visit="$visit" review_text='Took the time to explain.')"
call 409 "$patient" POST "/api/doctors/$doctor_id/reviews" "$(json rating:=1 visit="$visit")"
say "the patient reads it and reviews the doctor, and only once: $(field code)"

date=$(day 3)
weekday=$(python3 -c '
import sys
from datetime import date
print(date.fromisoformat(sys.argv[1]).strftime("%A").upper())' "$date")
call 200 "$doctor" PUT /api/doctors/availability "$(json \
    available_days:="{\"$weekday\": [\"09:00-10:00\"]}" appointment_duration:=30)"
slots="/api/doctors/$doctor_id/available_slots?date=$date"
call 200 "$patient" GET "$slots"
expect 'the free slots' "$(field available_slots)" '["09:00", "09:30"]'
say "the doctor opens an hour on $weekday, $date: $(field available_slots)"

# slot TIME  prints what books that time.
slot() {
    json doctor="$doctor_id" appointment_date="$date" start_time="$1"
}

second=$(newcomer ben "$(number)")
waiting_phone=$(number)
third=$(newcomer carla "$waiting_phone")
call 201 "$patient" POST /api/appointments/holds "$(slot 09:00)"
until=$(field expires_at)
call 200 "$second" GET "$slots"
expect 'the slots that others find' "$(field available_slots)" '["09:30"]'
call 409 "$second" POST /api/appointments/book "$(slot 09:00)"
say "the patient keeps nine o'clock until $until, so nobody else gets it: $(field code)"

call 201 "$patient" POST /api/appointments/book "$(slot 09:00)"
booked=$(field id)
record=$(field health_record.id)
call 200 "$patient" POST "/api/appointments/$booked/reschedule" "$(json \
    appointment_date="$date" start_time=09:30 reason='The bus is late.')"
expect 'the time of the appointment' "$(field start_time)" 09:30:00
say "and books it, which opens the record $record, and moves it to half past: $(field start)"

call 201 "$second" POST /api/appointments/book "$(slot 09:00)"
call 200 "$third" PUT /api/notification-preferences "$(json sms_notifications:=true)"
call 201 "$third" POST /api/appointments/waitlist "$(json doctor="$doctor_id" date="$date")"
expect 'the place on the waitlist' "$(field position)" 1
say "somebody else takes nine o'clock, and a third patient waits for the day, which is full"

call 200 "$patient" POST "/api/appointments/$booked/cancel" "$(json reason='I feel well.')"
expect 'the status of the appointment' "$(field status)" CANCELLED
text=$(told "$waiting_phone" 'has become free')
say "the patient cancels, and the one who waits gets an SMS: $text"

call 409 "$patient" POST /api/appointments/book "$(slot 09:30)"
call 201 "$third" POST /api/appointments/book "$(slot 09:30)"
taken=$(field id)
call 200 "$doctor" POST "/api/appointments/$taken/confirm"
call 200 "$doctor" GET "/api/appointments/doctor-appointments?status=CONFIRMED"
expect 'what the doctor has confirmed' "$(field results.0.id)" "$taken"
say "that time is hers alone to take; she takes it, and the doctor confirms: $(field results.0.start)"

coordinator_user=coordinator_$tag
call 201 - POST /api/auth/register "$(json \
    username="$coordinator_user" email="$coordinator_user@example.org" \
    password="$password" password_confirm="$password" first_name=Cora last_name=Nator)"
coordinator=$(field access)
say "a coordinator registers: $coordinator_user"

call 201 "$coordinator" POST /api/patients "$(json \
    first_name=José last_name="Pérez $tag" email="jose-$tag@example.org" phone_number="$(number)" \
    date_of_birth=1980-05-05 gender=M address='2 Example Road' city=Lahore \
    blood_type=O+ allergies=Penicillin)"
jose=$(field id)
expect 'the allergy status' "$(field allergy_status)" KNOWN
say "she enters a patient: $jose"

call 200 "$coordinator" GET '/api/patients/search?query=jose'
expect 'who is found by jose' "$(field results.0.id)" "$jose"
call 404 "$patient" GET "/api/patients/$jose"
say 'she finds José by jose; to others he does not exist'

call 201 "$coordinator" POST /api/doctors/create "$(json \
    first_name=Dora last_name="Dent $tag" specialization=CARDIOLOGY license_number="MD$tag" \
    years_of_experience:=9 city=Lahore consultation_fee=150.00 is_available:=true)"
dora=$(field id)
call 404 "$patient" GET "/api/doctors/$dora"
call 200 "$admin" POST "/api/doctors/$dora/verify" "$(json is_verified:=true)"
call 200 "$patient" GET "/api/doctors/$dora"
say "she enters a doctor, whom patients find once an admin has verified her: $dora"

call 201 "$coordinator" POST /api/mappings "$(json patient="$jose" doctor="$dora")"
mapping=$(field id)
call 409 "$coordinator" POST /api/mappings "$(json patient="$jose" doctor="$dora")"
say "she puts him into the doctor's care, and only once: $(field code)"

call 200 "$coordinator" GET "/api/mappings/patient/$jose"
expect "the patient's doctor" "$(field results.0.doctor)" "$dora"
say "his doctors: $(field results.0.doctor_name), since $(field results.0.assigned_date)"

call 200 "$coordinator" PATCH "/api/mappings/$mapping/update" "$(json status=COMPLETED notes='All well.')"
expect 'the status of the care' "$(field status)" COMPLETED
call 200 "$coordinator" PUT "/api/patients/$jose" "$(json city=Karachi)"
expect 'the city' "$(field city)" Karachi
say 'the care is complete, he moves to Karachi'

call 204 "$coordinator" DELETE "/api/mappings/$mapping"
call 204 "$coordinator" DELETE "/api/patients/$jose"
call 404 "$coordinator" GET "/api/patients/$jose"
say 'and both are removed'

after=$(moved "$admin" "$before")
read -r hospitals doctors patients <<<"$after"
say "the admin sees the totals: $hospitals hospitals have joined, $doctors doctors, $patients patients"

call 200 "$admin" GET '/api/accounts/audit-logs?action=HOSPITAL_APPROVED&limit=100'
[[ $answer == *"$hospital"* ]] || stop "the audit log does not say that $hospital was approved"
say "and the audit log, which says who approved $hospital"

echo "All of it works."
