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

call 200 "$doctor" POST /api/accounts/otp/generate "$(json patient_phone="$patient_phone")"
say "the doctor asks for the code: it goes to …$(field phone_number), good until $(field expires_at)"

code=$(the_code "$patient_phone")
say "the phone shows it: $code"

call 200 "$doctor" POST /api/accounts/otp/verify "$(json patient_phone="$patient_phone" otp="$code")"
expect 'verified' "$(field verified)" true
say "the doctor enters it and has access until $(field access_granted_until)"

call 400 "$doctor" POST /api/accounts/otp/verify "$(json patient_phone="$patient_phone" otp="$code")"
say "the code opens nothing twice: $(field code)"

call 200 - POST /api/auth/login "$(json username="$patient_user" password="$password")"
patient=$(field access)
call 200 "$patient" GET /api/accounts/access-grants
expect 'the doctor in the grant' "$(field results.0.doctor)" "$doctor_id"
expect 'the grant' "$(field results.0.is_active)" true
say "the patient sees who may read: $(field results.0.doctor)"

call 200 "$patient" GET /api/accounts/access-log
expect 'the last entry of the access log' "$(field results.0.action)" OTP_VERIFIED
say "and since when: $(field results.0.action) at $(field results.0.timestamp)"

call 200 "$patient" GET "/api/hospitals/nearby?lat=$lat&lng=$lng&radius_km=5"
expect 'the nearest hospital' "$(field hospitals.0.id)" "$hospital"
say "and looks around: $(field count) within 5 km, the nearest is $(field hospitals.0.name)"

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
