//! Every operation, asked for by everyone who has nothing to do there.

use std::collections::{BTreeMap, BTreeSet};

use carehub_domain::{
    file::Checksum, notification::NotificationKind, prescription::verification::VerificationCode,
};
use carehub_testkit::{Caller, TestHub, files};
use http::Method;
use serde_json::{Value, json};

use crate::{
    notifications::tell,
    support::{PASSWORD, People, open},
    tour::{catch_up, operations},
};

/// What each operation tells people who have nothing to do with the record: `all` and `may`
/// let them in, of whom only `all` needs no token. `{braces}` name a record of [`World`].
const TABLE: &str = "
                                                                       visitor patient doctor hospital coordinator admin
GET    /.well-known/jwks.json                                          all     may     may    may      may         may
GET    /api                                                            all     may     may    may      may         may
GET    /api/accounts/access-grants                                     401     may     may    403      403         403
DELETE /api/accounts/access-grants/{doctor}                            401     404     403    403      403         403
GET    /api/accounts/access-log                                        401     may     403    403      403         403
GET    /api/accounts/audit-logs                                        401     403     403    403      403         may
GET    /api/accounts/dashboard-stats                                   401     403     403    403      403         may
POST   /api/accounts/otp/generate                                      401     403     may    403      403         403
POST   /api/accounts/otp/verify                                        401     403     may    403      403         403
POST   /api/accounts/patients/register                                 all     may     may    may      may         may
GET    /api/appointments                                               401     may     may    may      may         may
POST   /api/appointments                                               401     404     404    404      404         may
GET    /api/appointments/available_doctors                             401     may     may    may      may         may
POST   /api/appointments/book                                          401     404     404    404      404         may
GET    /api/appointments/doctor-appointments                           401     403     may    403      403         403
GET    /api/appointments/doctor_availability?doctor_id={doctor}        401     may     may    may      may         may
GET    /api/appointments/doctor_availability?doctor_id={newcomer}      401     404     404    404      404         may
GET    /api/appointments/holds                                         401     may     403    403      403         403
POST   /api/appointments/holds                                         401     may     403    403      403         403
GET    /api/appointments/holds/{hold}                                  401     404     403    403      403         403
DELETE /api/appointments/holds/{hold}                                  401     404     403    403      403         403
GET    /api/appointments/hospital-appointments                         401     403     403    may      403         403
GET    /api/appointments/my-appointments                               401     may     403    403      403         403
GET    /api/appointments/queues/{doctor}                               401     may     may    may      404         may
POST   /api/appointments/queues/{doctor}/next                          401     403     403    403      404         may
POST   /api/appointments/queues/{doctor}/tokens                        401     404     404    404      404         may
GET    /api/appointments/queues/{doctor}/tokens/{number}               401     404     404    404      404         may
DELETE /api/appointments/queues/{doctor}/tokens/{number}               401     404     404    404      404         may
POST   /api/appointments/queues/{doctor}/tokens/{number}/check-in      401     404     404    404      404         may
GET    /api/appointments/queues/{newcomer}                             401     404     404    404      404         may
GET    /api/appointments/waitlist                                      401     may     403    403      403         403
POST   /api/appointments/waitlist                                      401     may     403    403      403         403
GET    /api/appointments/waitlist/{doctor}/{day}                       401     404     404    404      404         may
DELETE /api/appointments/waitlist/{doctor}/{day}                       401     404     403    403      403         403
GET    /api/appointments/{appointment}                                 401     404     404    404      404         may
PATCH  /api/appointments/{appointment}                                 401     404     404    404      404         may
PUT    /api/appointments/{appointment}                                 401     404     404    404      404         may
DELETE /api/appointments/{appointment}                                 401     404     404    404      404         may
POST   /api/appointments/{appointment}/assign-doctor                   401     404     404    404      404         may
POST   /api/appointments/{appointment}/cancel                          401     404     404    404      404         may
POST   /api/appointments/{appointment}/check-in                        401     404     404    404      404         may
POST   /api/appointments/{appointment}/complete                        401     404     404    404      404         may
POST   /api/appointments/{appointment}/confirm                         401     404     404    404      404         may
POST   /api/appointments/{appointment}/no-show                         401     404     404    404      404         may
POST   /api/appointments/{appointment}/reschedule                      401     404     404    404      404         may
POST   /api/appointments/{appointment}/start                           401     404     404    404      404         may
PATCH  /api/appointments/{appointment}/status                          401     404     404    404      404         may
PUT    /api/appointments/{appointment}/status                          401     404     404    404      404         may
GET    /api/auth/admin/users                                           401     403     403    403      403         may
POST   /api/auth/admin/users                                           401     403     403    403      403         may
GET    /api/auth/admin/users/{patient}                                 401     404     404    404      404         may
PATCH  /api/auth/admin/users/{patient}                                 401     404     404    404      404         may
PUT    /api/auth/admin/users/{patient}                                 401     404     404    404      404         may
DELETE /api/auth/admin/users/{patient}                                 401     404     404    404      404         may
GET    /api/auth/admin/users/{superadmin}                              401     404     404    404      404         404
PATCH  /api/auth/admin/users/{superadmin}                              401     404     404    404      404         404
PUT    /api/auth/admin/users/{superadmin}                              401     404     404    404      404         404
DELETE /api/auth/admin/users/{superadmin}                              401     404     404    404      404         404
POST   /api/auth/change-password                                       401     may     may    may      may         may
GET    /api/auth/health                                                all     may     may    may      may         may
POST   /api/auth/login                                                 all     may     may    may      may         may
POST   /api/auth/logout                                                401     404     404    404      404         404
POST   /api/auth/password-reset                                        all     may     may    may      may         may
GET    /api/auth/profile                                               401     may     may    may      may         may
PATCH  /api/auth/profile                                               401     may     may    may      may         may
PUT    /api/auth/profile                                               401     may     may    may      may         may
POST   /api/auth/refresh                                               all     may     may    may      may         may
POST   /api/auth/register                                              all     may     may    may      may         may
POST   /api/auth/send-otp                                              all     may     may    may      may         may
GET    /api/auth/sessions                                              401     may     may    may      may         may
DELETE /api/auth/sessions                                              401     404     404    404      404         404
DELETE /api/auth/sessions/{session}                                    401     404     404    404      404         404
POST   /api/auth/verify-otp                                            all     may     may    may      may         may
POST   /api/consultations                                              401     404     404    404      404         may
GET    /api/consultations/stats                                        401     403     may    403      403         may
GET    /api/consultations/stats?doctor_id={doctor}                     401     403     403    403      403         may
GET    /api/consultations/{appointment}                                401     404     404    404      404         may
GET    /api/consultations/{appointment}/diagnosis                      401     404     404    404      404         may
POST   /api/consultations/{appointment}/diagnosis                      401     404     404    404      404         may
GET    /api/consultations/{appointment}/diagnosis/{diagnosis}          401     404     404    404      404         may
PATCH  /api/consultations/{appointment}/diagnosis/{diagnosis}          401     404     404    404      404         may
PUT    /api/consultations/{appointment}/diagnosis/{diagnosis}          401     404     404    404      404         may
DELETE /api/consultations/{appointment}/diagnosis/{diagnosis}          401     404     404    404      404         may
GET    /api/consultations/{appointment}/diagnosis/{diagnosis}/versions 401     404     404    404      404         may
GET    /api/consultations/{appointment}/notes                          401     404     404    404      404         may
POST   /api/consultations/{appointment}/notes                          401     404     404    404      404         may
GET    /api/consultations/{appointment}/notes/{remark}                 401     404     404    404      404         may
PATCH  /api/consultations/{appointment}/notes/{remark}                 401     404     404    404      404         may
PUT    /api/consultations/{appointment}/notes/{remark}                 401     404     404    404      404         may
DELETE /api/consultations/{appointment}/notes/{remark}                 401     404     404    404      404         may
GET    /api/consultations/{appointment}/notes/{remark}/versions        401     404     404    404      404         may
GET    /api/consultations/{appointment}/symptoms                       401     404     404    404      404         may
POST   /api/consultations/{appointment}/symptoms                       401     404     404    404      404         may
GET    /api/consultations/{appointment}/symptoms/{symptom}             401     404     404    404      404         may
PATCH  /api/consultations/{appointment}/symptoms/{symptom}             401     404     404    404      404         may
PUT    /api/consultations/{appointment}/symptoms/{symptom}             401     404     404    404      404         may
DELETE /api/consultations/{appointment}/symptoms/{symptom}             401     404     404    404      404         may
GET    /api/consultations/{appointment}/symptoms/{symptom}/versions    401     404     404    404      404         may
GET    /api/consultations/{appointment}/vital-signs                    401     404     404    404      404         may
POST   /api/consultations/{appointment}/vital-signs                    401     404     404    404      404         may
GET    /api/consultations/{appointment}/vital-signs/{signs}            401     404     404    404      404         may
PATCH  /api/consultations/{appointment}/vital-signs/{signs}            401     404     404    404      404         may
PUT    /api/consultations/{appointment}/vital-signs/{signs}            401     404     404    404      404         may
DELETE /api/consultations/{appointment}/vital-signs/{signs}            401     404     404    404      404         may
GET    /api/consultations/{appointment}/vital-signs/{signs}/versions   401     404     404    404      404         may
GET    /api/consultations/{appointment}/documents                      401     404     404    404      404         may
POST   /api/consultations/{appointment}/documents                      401     404     404    404      404         may
GET    /api/consultations/{appointment}/documents/{scan}               401     404     404    404      404         may
PATCH  /api/consultations/{appointment}/documents/{scan}               401     404     404    404      404         may
PUT    /api/consultations/{appointment}/documents/{scan}               401     404     404    404      404         may
DELETE /api/consultations/{appointment}/documents/{scan}               401     404     404    404      404         may
GET    /api/consultations/{appointment}/documents/{scan}/versions      401     404     404    404      404         may
GET    /api/consultations/{appointment}/prescription                   401     404     404    404      404         may
GET    /api/docs                                                       all     may     may    may      may         may
GET    /api/docs/{asset}                                               all     may     may    may      may         may
GET    /api/hospitals                                                  401     may     may    may      may         may
GET    /api/hospitals/departments?hospital={hospital}                  401     may     may    may      may         may
GET    /api/hospitals/departments?hospital={applicant}                 401     404     404    404      404         may
POST   /api/hospitals/departments                                      401     403     403    403      403         may
GET    /api/hospitals/departments/{department}                         401     may     may    may      may         may
PATCH  /api/hospitals/departments/{department}                         401     403     403    403      403         may
PUT    /api/hospitals/departments/{department}                         401     403     403    403      403         may
DELETE /api/hospitals/departments/{department}                         401     403     403    403      403         may
GET    /api/hospitals/doctors?hospital={hospital}                      401     may     may    may      may         may
GET    /api/hospitals/doctors?hospital={applicant}                     401     404     404    404      404         may
POST   /api/hospitals/doctors/create                                   401     403     403    403      403         may
GET    /api/hospitals/nearby?lat=31.5&lng=74.3                         401     may     may    may      may         may
POST   /api/hospitals/register                                         all     may     may    may      may         may
GET    /api/hospitals/{hospital}                                       401     may     may    may      may         may
PATCH  /api/hospitals/{hospital}                                       401     403     403    403      403         may
PUT    /api/hospitals/{hospital}                                       401     403     403    403      403         may
DELETE /api/hospitals/{hospital}                                       401     403     403    403      403         may
GET    /api/hospitals/{applicant}                                      401     404     404    404      404         may
PATCH  /api/hospitals/{applicant}                                      401     404     404    404      404         may
PUT    /api/hospitals/{applicant}                                      401     404     404    404      404         may
DELETE /api/hospitals/{applicant}                                      401     404     404    404      404         may
PATCH  /api/hospitals/{hospital}/approve                               401     403     403    403      403         may
POST   /api/hospitals/{hospital}/approve                               401     403     403    403      403         may
PATCH  /api/hospitals/{applicant}/approve                              401     404     404    404      404         may
POST   /api/hospitals/{applicant}/approve                              401     404     404    404      404         may
GET    /api/hospitals/{hospital}/departments                           401     may     may    may      may         may
GET    /api/hospitals/{applicant}/departments                          401     404     404    404      404         may
GET    /api/hospitals/{hospital}/doctors                               401     may     may    may      may         may
GET    /api/hospitals/{applicant}/doctors                              401     404     404    404      404         may
GET    /api/doctor-availability?doctor={doctor}                        401     may     may    may      may         may
POST   /api/doctor-availability                                        401     403     may    403      403         403
GET    /api/doctor-availability/{shift}                                401     403     404    403      403         403
PATCH  /api/doctor-availability/{shift}                                401     403     404    403      403         403
PUT    /api/doctor-availability/{shift}                                401     403     404    403      403         403
DELETE /api/doctor-availability/{shift}                                401     403     404    403      403         403
POST   /api/doctor-availability/{shift}/toggle                         401     403     404    403      403         403
GET    /api/doctors                                                    401     may     may    may      may         may
GET    /api/doctors/availability                                       401     403     may    403      403         403
PATCH  /api/doctors/availability                                       401     403     may    403      403         403
PUT    /api/doctors/availability                                       401     403     may    403      403         403
POST   /api/doctors/create                                             401     403     may    may      may         may
GET    /api/doctors/notifications                                      401     403     may    403      403         403
GET    /api/doctors/patients                                           401     403     may    403      403         403
GET    /api/doctors/profile                                            401     403     may    403      403         403
GET    /api/doctors/search                                             401     may     may    may      may         may
GET    /api/doctors/stats                                              401     403     403    403      403         may
PATCH  /api/doctors/update_profile                                     401     403     may    403      403         403
PUT    /api/doctors/update_profile                                     401     403     may    403      403         403
GET    /api/doctors/{doctor}                                           401     may     may    may      may         may
GET    /api/doctors/{doctor}/availability                              401     may     may    may      may         may
POST   /api/doctors/{doctor}/availability                              401     403     403    403      403         may
GET    /api/doctors/{doctor}/availability/{shift}                      401     may     may    may      may         may
PATCH  /api/doctors/{doctor}/availability/{shift}                      401     403     403    403      403         may
PUT    /api/doctors/{doctor}/availability/{shift}                      401     403     403    403      403         may
DELETE /api/doctors/{doctor}/availability/{shift}                      401     403     403    403      403         may
GET    /api/doctors/{doctor}/available_slots?date=2030-01-07           401     may     may    may      may         may
DELETE /api/doctors/{doctor}/delete                                    401     403     403    403      403         may
GET    /api/doctors/{doctor}/education                                 401     may     may    may      may         may
POST   /api/doctors/{doctor}/education                                 401     403     403    403      403         may
GET    /api/doctors/{doctor}/education/{education}                     401     may     may    may      may         may
PATCH  /api/doctors/{doctor}/education/{education}                     401     403     403    403      403         may
PUT    /api/doctors/{doctor}/education/{education}                     401     403     403    403      403         may
DELETE /api/doctors/{doctor}/education/{education}                     401     403     403    403      403         may
GET    /api/doctors/{doctor}/experience                                401     may     may    may      may         may
POST   /api/doctors/{doctor}/experience                                401     403     403    403      403         may
GET    /api/doctors/{doctor}/experience/{experience}                   401     may     may    may      may         may
PATCH  /api/doctors/{doctor}/experience/{experience}                   401     403     403    403      403         may
PUT    /api/doctors/{doctor}/experience/{experience}                   401     403     403    403      403         may
DELETE /api/doctors/{doctor}/experience/{experience}                   401     403     403    403      403         may
GET    /api/doctors/{doctor}/reviews                                   401     may     may    may      may         may
POST   /api/doctors/{doctor}/reviews                                   401     may     403    403      403         403
GET    /api/doctors/{doctor}/reviews/{review}                          401     may     may    may      may         may
PATCH  /api/doctors/{doctor}/reviews/{review}                          401     403     403    403      403         403
PUT    /api/doctors/{doctor}/reviews/{review}                          401     403     403    403      403         403
DELETE /api/doctors/{doctor}/reviews/{review}                          401     403     403    403      403         may
GET    /api/doctors/{doctor}/schedule                                  401     may     may    may      may         may
POST   /api/doctors/{doctor}/schedule                                  401     403     403    403      403         may
GET    /api/doctors/{doctor}/schedule/{shift}                          401     may     may    may      may         may
PATCH  /api/doctors/{doctor}/schedule/{shift}                          401     403     403    403      403         may
PUT    /api/doctors/{doctor}/schedule/{shift}                          401     403     403    403      403         may
DELETE /api/doctors/{doctor}/schedule/{shift}                          401     403     403    403      403         may
GET    /api/doctors/{doctor}/statistics                                401     403     403    403      403         may
PATCH  /api/doctors/{doctor}/update                                    401     403     403    403      403         may
PUT    /api/doctors/{doctor}/update                                    401     403     403    403      403         may
POST   /api/doctors/{doctor}/verify                                    401     403     403    403      403         may
GET    /api/doctors/{newcomer}                                         401     404     404    404      404         may
GET    /api/doctors/{newcomer}/availability                            401     404     404    404      404         may
GET    /api/doctors/{newcomer}/available_slots?date=2030-01-07         401     404     404    404      404         may
DELETE /api/doctors/{newcomer}/delete                                  401     404     404    404      404         may
GET    /api/doctors/{newcomer}/education                               401     404     404    404      404         may
GET    /api/doctors/{newcomer}/experience                              401     404     404    404      404         may
GET    /api/doctors/{newcomer}/schedule                                401     404     404    404      404         may
PATCH  /api/doctors/{newcomer}/update                                  401     404     404    404      404         may
PUT    /api/doctors/{newcomer}/update                                  401     404     404    404      404         may
POST   /api/doctors/{newcomer}/verify                                  401     404     404    404      404         may
GET    /api/doctors/annotations                                        401     403     may    403      403         403
POST   /api/doctors/annotations                                        401     404     404    404      404         403
GET    /api/doctors/annotations/{annotation}                           401     404     404    404      404         may
PATCH  /api/doctors/annotations/{annotation}                           401     404     404    404      404         403
PUT    /api/doctors/annotations/{annotation}                           401     404     404    404      404         403
DELETE /api/doctors/annotations/{annotation}                           401     404     404    404      404         403
GET    /api/doctors/annotations/{annotation}/versions                  401     404     404    404      404         may
GET    /api/doctors/{doctor}/documents                                 401     404     404    404      404         may
POST   /api/doctors/{doctor}/documents                                 401     404     404    404      404         may
GET    /api/doctors/{doctor}/documents/{licence}                       401     404     404    404      404         may
PATCH  /api/doctors/{doctor}/documents/{licence}                       401     404     404    404      404         may
PUT    /api/doctors/{doctor}/documents/{licence}                       401     404     404    404      404         may
DELETE /api/doctors/{doctor}/documents/{licence}                       401     404     404    404      404         may
POST   /api/doctors/{doctor}/documents/{licence}/verify                401     404     404    404      404         may
GET    /api/doctors/{doctor}/documents/{licence}/versions              401     404     404    404      404         may
GET    /api/doctors/{newcomer}/documents                               401     404     404    404      404         may
POST   /api/doctors/{newcomer}/documents                               401     404     404    404      404         may
GET    /api/lab-results                                                401     may     may    may      403         may
POST   /api/lab-results                                                401     404     404    404      404         may
GET    /api/lab-results/trend?patient={ana}&test_name=K                401     404     404    404      403         may
GET    /api/lab-results/{lab}                                          401     404     404    404      404         may
PATCH  /api/lab-results/{lab}                                          401     404     404    404      404         may
PUT    /api/lab-results/{lab}                                          401     404     404    404      404         may
GET    /api/lab-results/{lab}/versions                                 401     404     404    404      404         may
GET    /api/notifications                                              401     may     may    may      may         may
POST   /api/notifications/clear_all                                    401     may     may    may      may         may
POST   /api/notifications/mark_all_read                                401     may     may    may      may         may
GET    /api/notifications/recent                                       401     may     may    may      may         may
GET    /api/notifications/unread_count                                 401     may     may    may      may         may
GET    /api/notifications/{notice}                                     401     404     404    404      404         404
DELETE /api/notifications/{notice}                                     401     404     404    404      404         404
POST   /api/notifications/{notice}/mark_read                           401     404     404    404      404         404
GET    /api/notification-preferences                                   401     may     may    may      may         may
PATCH  /api/notification-preferences                                   401     may     may    may      may         may
PUT    /api/notification-preferences                                   401     may     may    may      may         may
POST   /api/notification-preferences/disable_all                       401     may     may    may      may         may
POST   /api/notification-preferences/enable_all                        401     may     may    may      may         may
POST   /api/notification-preferences/reset_to_defaults                 401     may     may    may      may         may
GET    /api/notification-preferences/{patient}                         401     404     404    404      404         404
PATCH  /api/notification-preferences/{patient}                         401     404     404    404      404         404
PUT    /api/notification-preferences/{patient}                         401     404     404    404      404         404
GET    /api/webhooks?hospital={hospital}                               401     403     403    403      403         may
POST   /api/webhooks                                                   401     403     403    may      403         403
GET    /api/webhooks/{webhook}                                         401     404     404    404      404         404
GET    /api/webhooks/{webhook}?hospital={hospital}                     401     404     404    404      404         may
PATCH  /api/webhooks/{webhook}                                         401     404     404    404      404         404
PUT    /api/webhooks/{webhook}                                         401     404     404    404      404         404
DELETE /api/webhooks/{webhook}                                         401     404     404    404      404         404
POST   /api/webhooks/{webhook}/ping                                    401     404     404    404      404         404
POST   /api/webhooks/{webhook}/rotate                                  401     404     404    404      404         404
GET    /api/mappings                                                   401     may     may    may      may         may
POST   /api/mappings                                                   401     404     404    404      404         may
GET    /api/mappings/patient/{managed}                                 401     404     404    404      404         may
GET    /api/mappings/{mapping}                                         401     404     404    404      404         may
DELETE /api/mappings/{mapping}                                         401     404     404    404      404         may
PATCH  /api/mappings/{mapping}/update                                  401     404     404    404      404         may
PUT    /api/mappings/{mapping}/update                                  401     404     404    404      404         may
GET    /api/medical-records                                            401     may     may    may      403         may
POST   /api/medical-records                                            401     404     404    404      404         may
GET    /api/medical-records/{finding}                                  401     404     404    404      404         may
PATCH  /api/medical-records/{finding}                                  401     404     404    404      404         may
PUT    /api/medical-records/{finding}                                  401     404     404    404      404         may
GET    /api/medical-records/{finding}/versions                         401     404     404    404      404         may
GET    /api/patients                                                   401     may     may    may      may         may
POST   /api/patients                                                   401     may     may    may      may         may
GET    /api/patients/my_doctor                                         401     may     403    403      403         403
GET    /api/patients/profile                                           401     may     403    403      403         403
GET    /api/patients/search                                            401     may     may    may      may         may
GET    /api/patients/stats                                             401     403     may    may      may         may
PATCH  /api/patients/update_profile                                    401     may     403    403      403         403
PUT    /api/patients/update_profile                                    401     may     403    403      403         403
GET    /api/patients/{managed}                                         401     404     404    404      404         may
PATCH  /api/patients/{managed}                                         401     404     404    404      404         may
PUT    /api/patients/{managed}                                         401     404     404    404      404         may
DELETE /api/patients/{managed}                                         401     404     404    404      404         may
POST   /api/patients/{managed}/merge                                   401     404     404    404      404         may
GET    /api/patients/{managed}/notes                                   401     404     404    404      404         may
POST   /api/patients/{managed}/notes                                   401     404     404    404      404         may
GET    /api/patients/{managed}/notes/{note}                            401     404     404    404      404         may
PATCH  /api/patients/{managed}/notes/{note}                            401     404     404    404      404         may
PUT    /api/patients/{managed}/notes/{note}                            401     404     404    404      404         may
DELETE /api/patients/{managed}/notes/{note}                            401     404     404    404      404         may
GET    /api/patients/{managed}/notes/{note}/versions                   401     404     404    404      404         may
POST   /api/patients/{managed}/unmerge                                 401     404     404    404      404         may
GET    /api/patients/{ana}/documents                                   401     404     404    404      404         may
POST   /api/patients/{ana}/documents                                   401     404     404    404      404         may
GET    /api/patients/{ana}/documents/{proof}                           401     404     404    404      404         may
PATCH  /api/patients/{ana}/documents/{proof}                           401     404     404    404      404         may
PUT    /api/patients/{ana}/documents/{proof}                           401     404     404    404      404         may
DELETE /api/patients/{ana}/documents/{proof}                           401     404     404    404      404         may
POST   /api/patients/{ana}/documents/{proof}/verify                    401     404     404    404      404         may
GET    /api/patients/{ana}/documents/{proof}/versions                  401     404     404    404      404         may
GET    /api/patients/{ana}/medical-records                             401     404     404    404      403         may
POST   /api/patients/{ana}/medical-records                             401     404     404    404      404         may
GET    /api/patients/{ana}/medical-records/{record}                    401     404     404    404      403         may
PATCH  /api/patients/{ana}/medical-records/{record}                    401     404     404    404      403         403
PUT    /api/patients/{ana}/medical-records/{record}                    401     404     404    404      403         403
DELETE /api/patients/{ana}/medical-records/{record}                    401     404     404    404      403         may
GET    /api/prescriptions                                              401     may     may    may      403         may
POST   /api/prescriptions                                              401     403     404    403      403         403
GET    /api/prescriptions/adherence?medication={item}                  401     404     404    404      404         may
POST   /api/prescriptions/adherence                                    401     404     404    404      404         403
GET    /api/prescriptions/adherence/summary?medication={item}          401     404     404    404      404         may
GET    /api/prescriptions/adherence/{dose}                             401     404     403    403      403         403
DELETE /api/prescriptions/adherence/{dose}                             401     404     403    403      403         403
GET    /api/prescriptions/interactions                                 401     403     may    may      403         may
POST   /api/prescriptions/interactions                                 401     403     403    may      403         403
POST   /api/prescriptions/interactions/check                           401     403     404    404      403         may
GET    /api/prescriptions/interactions/{rule}                          401     403     may    may      403         may
GET    /api/prescriptions/interactions/{site}                          401     403     404    404      403         404
PATCH  /api/prescriptions/interactions/{site}                          401     403     403    404      403         403
PUT    /api/prescriptions/interactions/{site}                          401     403     403    404      403         403
DELETE /api/prescriptions/interactions/{site}                          401     403     403    404      403         403
GET    /api/prescriptions/medications                                  401     may     may    may      403         may
GET    /api/prescriptions/reminders                                    401     may     403    403      403         may
GET    /api/prescriptions/reminders?patient={ana}                      401     403     403    403      403         may
POST   /api/prescriptions/reminders                                    401     404     404    404      404         may
GET    /api/prescriptions/reminders/{reminder}                         401     404     404    404      404         may
PATCH  /api/prescriptions/reminders/{reminder}                         401     404     404    404      404         may
PUT    /api/prescriptions/reminders/{reminder}                         401     404     404    404      404         may
DELETE /api/prescriptions/reminders/{reminder}                         401     404     404    404      404         may
GET    /api/prescriptions/stats                                        401     403     may    403      403         may
GET    /api/prescriptions/stats?doctor_id={doctor}                     401     403     403    403      403         may
GET    /api/prescriptions/templates                                    401     403     may    403      403         403
POST   /api/prescriptions/templates                                    401     403     may    403      403         403
GET    /api/prescriptions/templates/{template}                         401     404     404    404      404         404
PATCH  /api/prescriptions/templates/{template}                         401     404     404    404      404         404
PUT    /api/prescriptions/templates/{template}                         401     404     404    404      404         404
DELETE /api/prescriptions/templates/{template}                         401     404     404    404      404         404
GET    /api/prescriptions/verify/{code}                                all     may     may    may      may         may
GET    /api/prescriptions/{rx}                                         401     404     404    404      404         may
PATCH  /api/prescriptions/{rx}                                         401     404     404    404      404         403
PUT    /api/prescriptions/{rx}                                         401     404     404    404      404         403
DELETE /api/prescriptions/{rx}                                         401     404     404    404      404         may
POST   /api/prescriptions/{rx}/complete                                401     404     404    404      404         may
POST   /api/prescriptions/{item}/deactivate                            401     404     404    404      404         403
POST   /api/prescriptions/{rx}/dispense                                401     404     404    404      404         may
GET    /api/prescriptions/{rx}/documents                               401     404     404    404      404         may
POST   /api/prescriptions/{rx}/documents                               401     404     404    404      404         may
GET    /api/prescriptions/{rx}/documents/{order}                       401     404     404    404      404         may
PATCH  /api/prescriptions/{rx}/documents/{order}                       401     404     404    404      404         may
PUT    /api/prescriptions/{rx}/documents/{order}                       401     404     404    404      404         may
DELETE /api/prescriptions/{rx}/documents/{order}                       401     404     404    404      404         may
GET    /api/prescriptions/{rx}/documents/{order}/versions              401     404     404    404      404         may
GET    /api/prescriptions/{rx}/medications                             401     404     404    404      404         may
POST   /api/prescriptions/{rx}/medications                             401     404     404    404      404         403
GET    /api/prescriptions/{rx}/medications/{item}                      401     404     404    404      404         may
PATCH  /api/prescriptions/{rx}/medications/{item}                      401     404     404    404      404         403
PUT    /api/prescriptions/{rx}/medications/{item}                      401     404     404    404      404         403
DELETE /api/prescriptions/{rx}/medications/{item}                      401     404     404    404      404         403
GET    /api/prescriptions/{rx}/notes                                   401     404     404    404      404         may
POST   /api/prescriptions/{rx}/notes                                   401     404     404    404      404         may
GET    /api/prescriptions/{rx}/notes/{hint}                            401     404     404    404      404         may
PATCH  /api/prescriptions/{rx}/notes/{hint}                            401     404     404    404      404         may
PUT    /api/prescriptions/{rx}/notes/{hint}                            401     404     404    404      404         may
DELETE /api/prescriptions/{rx}/notes/{hint}                            401     404     404    404      404         may
GET    /api/prescriptions/{rx}/notes/{hint}/versions                   401     404     404    404      404         may
GET    /api/prescriptions/{rx}/notes/{hidden}                          401     404     404    404      404         may
PATCH  /api/prescriptions/{rx}/notes/{hidden}                          401     404     404    404      404         may
PUT    /api/prescriptions/{rx}/notes/{hidden}                          401     404     404    404      404         may
DELETE /api/prescriptions/{rx}/notes/{hidden}                          401     404     404    404      404         may
GET    /api/prescriptions/{rx}/notes/{hidden}/versions                 401     404     404    404      404         may
GET    /api/prescriptions/{rx}/pdf                                     401     404     404    404      404         may
POST   /api/prescriptions/{rx}/send-to-pharmacy                        401     404     404    404      404         may
GET    /api/prescriptions/{rx}/versions                                401     404     404    404      404         may
GET    /api/reviews                                                    401     may     may    403      403         may
POST   /api/reviews                                                    401     may     403    403      403         403
GET    /api/reviews/{review}                                           401     may     may    may      may         may
PATCH  /api/reviews/{review}                                           401     403     403    403      403         403
PUT    /api/reviews/{review}                                           401     403     403    403      403         403
DELETE /api/reviews/{review}                                           401     403     403    403      403         may
POST   /api/reviews/{review}/moderate                                  401     403     403    403      403         may
GET    /api/profiles                                                   401     may     may    may      may         may
GET    /api/profiles/dashboard_data                                    401     may     may    may      may         may
POST   /api/realtime/tickets                                           401     may     may    may      may         may
POST   /api/recommendations                                            401     403     may    may      403         may
POST   /api/recommendations/clear-cache                                401     403     403    403      403         may
GET    /api/recommendations/history                                    401     may     may    may      403         may
GET    /api/recommendations/settings?hospital={hospital}               401     404     404    404      404         may
PATCH  /api/recommendations/settings                                   401     403     403    may      403         403
PUT    /api/recommendations/settings                                   401     403     403    may      403         403
GET    /api/recommendations/stats                                      401     403     403    403      403         may
GET    /api/recommendations/{advice}                                   401     404     404    404      404         404
POST   /api/recommendations/{advice}/decision                          401     404     404    404      404         404
GET    /api/redoc                                                      all     may     may    may      may         may
GET    /api/records                                                    401     may     may    may      403         may
POST   /api/records                                                    401     404     404    404      404         may
GET    /api/records/break-glass                                        401     may     may    may      403         may
GET    /api/records/break-glass/{glass}                                401     404     404    404      404         may
POST   /api/records/break-glass/{glass}/review                         401     404     404    404      404         may
GET    /api/records/my-reports                                         401     may     403    403      403         403
POST   /api/records/patients/{ana}/break-glass                         401     403     403    403      403         403
GET    /api/records/patients/{ana}/prescriptions                       401     404     404    404      404         may
GET    /api/records/patients/{ana}/reports                             401     404     404    404      404         may
POST   /api/records/patients/{ana}/reports/upload                      401     404     404    404      404         may
GET    /api/records/patients/{ana}/summary                             401     404     404    404      404         may
GET    /api/records/reports/{report}                                   401     404     404    404      404         may
PATCH  /api/records/reports/{report}                                   401     404     404    404      404         may
PUT    /api/records/reports/{report}                                   401     404     404    404      404         may
DELETE /api/records/reports/{report}                                   401     404     404    404      404         may
GET    /api/records/reports/{report}/versions                          401     404     404    404      404         may
GET    /api/records/{record}                                           401     404     404    404      404         may
PATCH  /api/records/{record}                                           401     404     404    404      404         403
PUT    /api/records/{record}                                           401     404     404    404      404         403
DELETE /api/records/{record}                                           401     404     404    404      404         may
POST   /api/records/{record}/add_annotation                            401     404     404    404      404         403
GET    /api/records/{record}/attachments/{attachment}                  401     404     404    404      404         may
DELETE /api/records/{record}/attachments/{attachment}                  401     404     404    404      404         may
POST   /api/records/{record}/upload_attachment                         401     404     404    404      404         403
GET    /api/records/{record}/versions                                  401     404     404    404      404         may
GET    /api/records/{secret}                                           401     404     404    404      404         404
PATCH  /api/records/{secret}                                           401     404     404    404      404         404
PUT    /api/records/{secret}                                           401     404     404    404      404         404
DELETE /api/records/{secret}                                           401     404     404    404      404         404
GET    /api/records/{secret}/versions                                  401     404     404    404      404         404
GET    /api/schema                                                     all     may     may    may      may         may
POST   /api/uploads/presign                                            401     may     may    may      may         may
GET    /api/uploads/{upload}                                           401     404     404    404      404         404
GET    /api/users/doctors                                              401     403     403    403      403         may
GET    /api/users/patients                                             401     403     403    403      403         may
GET    /health                                                         all     may     may    may      may         may
GET    /health/database                                                all     may     may    may      may         may
GET    /health/detailed                                                all     may     may    may      may         may
GET    /health/redis                                                   all     may     may    may      may         may
GET    /verify/{code}                                                  all     may     may    may      may         may
";

#[test]
fn the_table_has_every_operation_and_no_other() {
    let rows: BTreeSet<_> =
        rows().iter().map(|row| (row.method.to_owned(), shape(row.path()))).collect();
    let served: BTreeSet<_> =
        operations().into_keys().map(|(method, path)| (method, shape(path))).collect();
    assert_eq!(rows, served, "say in TABLE who may use a new operation");

    let document = serde_json::to_value(carehub_tests::document()).unwrap();
    let documented =
        document["paths"].as_object().unwrap().iter().flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(move |method| (method.to_uppercase(), shape(path)))
        });
    let forgotten: Vec<_> = documented.filter(|operation| !rows.contains(operation)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[tokio::test]
async fn nobody_gets_in_who_has_nothing_to_do_there_and_nobody_learns_more_than_that() {
    let hub = open().await;
    let world = World::of(&hub).await;
    // What `relay` makes of it leaves events as well.
    catch_up(&hub).await;
    catch_up(&hub).await;

    let mut wrong = Vec::new();
    for row in rows() {
        for pattern in aliases(&row) {
            let path = world.real(&row.target.replacen(row.path(), &pattern, 1));
            for (&expected, (role, stranger)) in row.cells.iter().zip(&world.strangers) {
                let let_in = matches!(expected, "all" | "may");
                if let_in && row.method != "GET" {
                    continue;
                }
                let method: Method = row.method.parse().unwrap();
                let body = world.body(&row);
                let reply = stranger.send(method, &path, (!body.is_null()).then_some(&body)).await;
                let status = reply.status.as_str();
                let right = if let_in { reply.status.is_success() } else { status == expected };
                if !right {
                    wrong.push(format!(
                        "{} {path} as {role}: {status}, not {expected}: {}",
                        row.method,
                        reply.text()
                    ));
                } else if status == "401" && reply.header("www-authenticate") != "Bearer" {
                    wrong.push(format!("{} {path}: no WWW-Authenticate", row.method));
                } else if !let_in {
                    reply.problem();
                }
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let left: BTreeSet<_> = catch_up(&hub).await.iter().map(|event| event.action.code()).collect();
    // Those who were let in looked around.
    let expected = [
        "ACCESS_DENIED",
        "ADHERENCE_VIEWED",
        "ANNOTATION_VIEWED",
        "APPOINTMENTS_LISTED",
        "APPOINTMENT_VIEWED",
        "CONSULTATION_VIEWED",
        "DOCUMENT_VIEWED",
        "EMERGENCY_ACCESSES_LISTED",
        "EMERGENCY_ACCESS_VIEWED",
        "FILE_DOWNLOADED",
        "HEALTH_RECORDS_LISTED",
        "HEALTH_RECORD_VIEWED",
        "LAB_RESULTS_LISTED",
        "LAB_RESULT_VIEWED",
        "MEDICAL_RECORDS_LISTED",
        "MEDICAL_RECORD_VIEWED",
        "PATIENTS_LISTED",
        "PATIENT_VIEWED",
        "PRESCRIPTIONS_LISTED",
        "PRESCRIPTION_VIEWED",
        "QUEUE_VIEWED",
        "REMINDER_VIEWED",
        "REPOSITORY_VIEWED",
        "TOKEN_VIEWED",
        "WAITLIST_VIEWED",
    ];
    assert_eq!(left, BTreeSet::from(expected), "a refusal changed something");
}

/// What doctors and hospitals keep to themselves is in no answer that a patient may get, nor on
/// paper.
#[tokio::test]
async fn what_is_not_for_patients_does_not_reach_them() {
    let hub = open().await;
    let world = World::of(&hub).await;

    let told = world.answers_to(&world.ana).await;

    assert!(told.len() > 100, "{}", told.len());
    for (path, answer) in told {
        assert!(!answer.contains(NOT_FOR_ANA), "{path}: {answer}");
    }
    let send = world.real("/api/prescriptions/{rx}/send-to-pharmacy");
    let sent = world.ana.post(send, json!({"pharmacy_name": "Corner"})).await;
    assert!(sent.status.is_success() && !sent.text().contains(NOT_FOR_ANA), "{}", sent.text());
    // The doctor reads it.
    let told = world.answers_to(&world.doctor).await;
    let told: Vec<_> = told.iter().filter(|(_, answer)| answer.contains(NOT_FOR_ANA)).collect();
    let paths: Vec<_> = told.iter().map(|(path, _)| path.as_str()).collect();
    for secret in [
        "/api/prescriptions/{rx}",
        "/api/prescriptions/{rx}/notes/{hidden}",
        "/api/prescriptions/{rx}/notes/{hint}/versions",
    ] {
        assert!(paths.contains(&&*world.real(secret)), "{paths:?}");
    }
}

/// What patients keep to themselves is in no answer that anybody else may get.
#[tokio::test]
async fn what_is_only_for_the_patient_reaches_nobody_else() {
    let hub = open().await;
    let world = World::of(&hub).await;
    let (_, admin) = world.strangers.last().unwrap();

    for reader in [&world.doctor, &world.hospital, admin] {
        let told = world.answers_to(reader).await;
        assert!(told.len() > 50, "{}", told.len());
        for (path, answer) in told {
            assert!(!answer.contains(ONLY_FOR_ANA), "{path}: {answer}");
        }
    }
    let told = world.answers_to(&world.ana).await;
    let paths: Vec<_> = told.iter().filter(|(_, answer)| answer.contains(ONLY_FOR_ANA)).collect();
    assert!(paths.iter().any(|(path, _)| path == "/api/records"), "{paths:?}");
}

/// What only doctors and hospitals read.
const NOT_FOR_ANA: &str = "Suspects more than was said.";

/// What only the patient reads.
const ONLY_FOR_ANA: &str = "Nobody else knows.";

/// What all paths of one operation have in common: everything but the names of variables.
fn shape(path: &str) -> String {
    let segments =
        path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

struct Row {
    method: &'static str,
    target: &'static str,
    cells: Vec<&'static str>,
}

impl Row {
    fn path(&self) -> &'static str {
        self.target.split('?').next().unwrap()
    }
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| line.contains('/'));
    let rows = lines.map(|line| {
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let cells: Vec<_> = words.collect();
        assert_eq!(cells.len(), 6, "{line}");
        Row { method, target, cells }
    });
    rows.collect()
}

/// The paths of the operation of a row, with the row's records in the place of the variables.
fn aliases(row: &Row) -> Vec<String> {
    let records: Vec<_> =
        row.path().split('/').filter(|segment| segment.starts_with('{')).collect();
    let paths = carehub_tests::functions().into_iter().flat_map(|(_, routes)| {
        let same = routes.iter().filter(|route| {
            route.method == row.method && shape(route.paths[0]) == shape(row.path())
        });
        same.flat_map(|route| route.paths.clone()).collect::<Vec<_>>()
    });
    let named = paths.map(|path| {
        let mut records = records.iter().copied();
        let segments = path.split('/').map(|segment| match segment.starts_with('{') {
            true => records.next().unwrap_or(segment),
            false => segment,
        });
        segments.collect::<Vec<_>>().join("/")
    });
    named.collect()
}

/// Records, and people who have nothing to do with them.
struct World<'h> {
    records: BTreeMap<&'static str, String>,
    refresh: String,
    ana: Caller<'h>,
    doctor: Caller<'h>,
    hospital: Caller<'h>,
    /// In the order of the columns.
    strangers: Vec<(&'static str, Caller<'h>)>,
}

const ANA: &str = "+923001234567";

/// What is kept of Ana's health, and of the doctor.
async fn papers(
    hub: &TestHub,
    hospital: &Caller<'_>,
    doctor: &Caller<'_>,
    ana: &Caller<'_>,
    visit: &str,
) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let id = |value: &Value| text(&value["id"]);
    let patient = ana.id_as("pat");
    let upload = async |by: &Caller<'_>, path: &str, kind: (&str, &str)| {
        let files = [("file", "scan.pdf", files::pdf())];
        by.upload(path, &[kind, ("title", "Scan")], &files).await.ok()
    };
    let scan = files::pdf();
    let announced = json!({
        "file_name": "scan.pdf", "size": scan.len(), "sha256": Checksum::of(&scan),
    });
    let announced = ana.post("/api/uploads/presign", announced).await.ok();
    let reports = format!("/api/records/patients/{patient}/reports/upload");
    let report = upload(ana, &reports, ("file_type", "LAB")).await;
    let proofs = format!("/api/patients/{patient}/documents");
    let proof = upload(ana, &proofs, ("document_type", "ID_PROOF")).await;
    let licences = format!("/api/doctors/{}/documents", doctor.id_as("doc"));
    let licence = upload(doctor, &licences, ("document_type", "LICENSE")).await;
    let scans = format!("/api/consultations/{visit}/documents");
    let scan = upload(doctor, &scans, ("document_type", "SCAN")).await;
    let reason = json!({"reason": "Unconscious after a fall."});
    let glass = format!("/api/records/patients/{patient}/break-glass");
    let glass = doctor.post(glass, reason).await.ok();

    let concerned = json!({"record_type": "OTHER", "title": "Fall", "doctor": doctor.id_as("doc")});
    let record = id(&ana.post("/api/records", concerned).await.ok());
    let attachments = format!("/api/records/{record}/upload_attachment");
    let attachment = upload(ana, &attachments, ("document_type", "SCAN")).await;
    let annotation = json!({"record": record, "content": "Nothing is broken."});
    let annotation = doctor.post("/api/doctors/annotations", annotation).await.ok();
    let secret = json!({
        "record_type": "OTHER", "title": ONLY_FOR_ANA, "description": ONLY_FOR_ANA,
        "doctor": doctor.id_as("doc"), "is_private": true,
    });
    let secret = ana.post("/api/records", secret).await.ok();

    let known = json!({"allergy_status": "NONE_KNOWN"});
    ana.patch("/api/patients/update_profile", known).await.ok();
    let prescription = json!({
        "appointment": visit, "doctor_notes": NOT_FOR_ANA, "medicines": [{"name": "Paracetamol"}],
    });
    let prescription = doctor.post("/api/prescriptions", prescription).await.ok();
    let (item, prescription) = (id(&prescription["medications"][0]), id(&prescription));
    let path = format!("/api/prescriptions/{prescription}");
    let order = upload(doctor, &format!("{path}/documents"), ("document_type", "SCAN")).await;
    let note = async || {
        let note = json!({"note": NOT_FOR_ANA, "is_patient_visible": false});
        doctor.post(format!("{path}/notes"), note).await.ok()
    };
    let (hidden, hint) = (note().await, note().await);
    let told = json!({"note": "Call me.", "is_patient_visible": true});
    doctor.patch(format!("{path}/notes/{}", id(&hint)), told).await.ok();
    let template = json!({"name": "Cold"});
    let template = doctor.post("/api/prescriptions/templates", template).await.ok();
    let reminder = json!({"medication": item, "reminder_times": ["08:00"]});
    let reminder = ana.post("/api/prescriptions/reminders", reminder).await.ok();
    let dose = json!({"medication": item, "status": "TAKEN"});
    let dose = ana.post("/api/prescriptions/adherence", dose).await.ok();
    let site = json!({
        "drug1": "paracetamol", "drug2": "cetirizine", "severity": "NOTE", "detail": "Ours.",
    });
    let site = hospital.post("/api/prescriptions/interactions", site).await.ok();
    let code = VerificationCode::of(prescription.parse().unwrap(), &hub.state.pepper);

    let finding = json!({"appointment": visit, "diagnosis": "Bruise"});
    let finding = id(&doctor.post("/api/medical-records", finding).await.ok());
    let lab = json!({"medical_record": finding, "test_name": "K", "test_type": "BLOOD"});
    let lab = doctor.post("/api/lab-results", lab).await.ok();

    vec![
        ("{ana}", patient),
        ("{annotation}", id(&annotation)),
        ("{attachment}", id(&attachment)),
        ("{code}", code.to_string()),
        ("{dose}", id(&dose)),
        ("{finding}", finding),
        ("{glass}", id(&glass)),
        ("{hidden}", id(&hidden)),
        ("{hint}", id(&hint)),
        ("{item}", item),
        ("{lab}", id(&lab)),
        ("{licence}", id(&licence)),
        ("{order}", id(&order)),
        ("{rx}", prescription),
        ("{proof}", id(&proof)),
        ("{record}", record),
        ("{reminder}", id(&reminder)),
        ("{report}", id(&report["report"])),
        ("{rule}", "ONC-8".to_owned()),
        ("{scan}", id(&scan)),
        ("{secret}", id(&secret)),
        ("{site}", id(&site)),
        ("{template}", id(&template)),
        ("{upload}", text(&announced["upload_id"])),
    ]
}

impl<'h> World<'h> {
    async fn of(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let superadmin = hub.sign_in("superadmin", PASSWORD).await;
        let hospital = hub.hospital("jinnah").await;
        let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let department = json!({"name": "Cardiology"});
        let department = hospital.post("/api/hospitals/departments", department).await.ok();
        let applicant = hub.applicant("mayo").await;
        let ana = hub.patient("ana", ANA).await;
        let sessions = ana.get("/api/auth/sessions").await.ok();
        let newcomer = hub.lone_doctor("newcomer").await;

        let keeper = hub.coordinator("keeper").await;
        let managed = json!({"first_name": "Pia", "last_name": "Pohl"});
        let managed = keeper.post("/api/patients", managed).await.ok();
        let path = format!("/api/patients/{}/notes", managed["id"].as_str().unwrap());
        let note = keeper.post(path, json!({"note": "Calls at noon."})).await.ok();
        let care = json!({"patient": managed["id"], "doctor": doctor.id_as("doc")});
        let mapping = keeper.post("/api/mappings", care).await.ok();
        let own = format!("/api/doctors/{}", doctor.id_as("doc"));
        let degree = json!({"degree": "MBBS", "institution": "Example University"});
        let education = doctor.post(format!("{own}/education"), degree).await.ok();
        let post =
            json!({"organization": "Clinic", "position": "Registrar", "start_date": "2013-01-01"});
        let experience = doctor.post(format!("{own}/experience"), post).await.ok();
        let shift = json!({"day_of_week": "MONDAY", "start_time": "09:00", "end_time": "12:00"});
        let shift = doctor.post(format!("{own}/schedule"), shift).await.ok();
        hub.visit(&ana, &doctor).await;
        let review = ana.post(format!("{own}/reviews"), json!({"rating": 5})).await.ok();

        let new = json!({
            "doctor": doctor.id_as("doc"), "scheduled_date": "2030-01-14", "scheduled_time": "09:00",
        });
        let appointment = ana.post("/api/consultations", new).await.ok();
        let visit = format!("/api/consultations/{}", appointment["id"].as_str().unwrap());
        let write = async |author: &Caller<'_>, kind: &str, body: Value| {
            let entry = author.post(format!("{visit}/{kind}"), body).await.ok();
            entry["id"].as_str().unwrap().to_owned()
        };
        let symptom = write(&ana, "symptoms", json!({"symptom": "Cough"})).await;
        let diagnosis = write(&doctor, "diagnosis", json!({"diagnosis": "Cold"})).await;
        let signs = write(&doctor, "vital-signs", json!({"heart_rate": 72})).await;
        let remark = write(&doctor, "notes", json!({"content": "Rest."})).await;
        let slot =
            json!({"doctor": doctor.id_as("doc"), "date": "2030-01-14", "start_time": "10:00"});
        let hold = ana.post("/api/appointments/holds", slot).await.ok();
        let wait = json!({"doctor": doctor.id_as("doc"), "date": "2030-01-15"});
        ana.post("/api/appointments/waitlist", wait).await.ok();
        let queue = format!("/api/appointments/queues/{}/tokens", doctor.id_as("doc"));
        let token = ana.post(queue, json!({})).await.ok();

        let notice = tell(hub, &ana, NotificationKind::SystemMessage).await;
        let off = json!({"url": "https://his.example.org/hook", "is_active": false});
        let webhook = hospital.post("/api/webhooks", off).await.ok();
        let prompt = doctor.with_header("prefer", "respond-async");
        let advice = prompt.post("/api/recommendations", json!({"indication": "PAIN"})).await.ok();

        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let papers = papers(hub, &hospital, &doctor, &ana, &text(&appointment["id"])).await;
        let records = BTreeMap::from([
            ("{appointment}", text(&appointment["id"])),
            ("{applicant}", text(&applicant["id"])),
            ("{asset}", "swagger-ui.css".to_owned()),
            ("{day}", "2030-01-15".to_owned()),
            ("{department}", text(&department["id"])),
            ("{diagnosis}", diagnosis),
            ("{doctor}", doctor.id_as("doc")),
            ("{education}", text(&education["id"])),
            ("{experience}", text(&experience["id"])),
            ("{hold}", text(&hold["id"])),
            ("{hospital}", text(&hospital.user["hospital"])),
            ("{managed}", text(&managed["id"])),
            ("{mapping}", text(&mapping["id"])),
            ("{newcomer}", newcomer.id_as("doc")),
            ("{note}", text(&note["id"])),
            ("{notice}", notice),
            ("{number}", token["number"].to_string()),
            ("{patient}", ana.id()),
            ("{remark}", remark),
            ("{review}", text(&review["id"])),
            ("{session}", text(&sessions["results"][0]["id"])),
            ("{shift}", text(&shift["id"])),
            ("{signs}", signs),
            ("{superadmin}", superadmin.id()),
            ("{symptom}", symptom),
            ("{webhook}", text(&webhook["id"])),
            ("{advice}", text(&advice["id"])),
        ]);
        let records = records.into_iter().chain(papers).collect();
        let strangers = vec![
            ("visitor", hub.visitor()),
            ("patient", hub.patient("mallory", "+923009999999").await),
            ("doctor", hub.lone_doctor("moriarty").await),
            ("hospital", hub.hospital("elsewhere").await),
            ("coordinator", hub.coordinator("cora").await),
            ("admin", admin),
        ];
        Self { records, refresh: ana.refresh.clone(), ana, doctor, hospital, strangers }
    }

    /// What everything that can be read tells somebody, with its path.
    async fn answers_to(&self, reader: &Caller<'_>) -> Vec<(String, String)> {
        let mut told = Vec::new();
        for row in rows().iter().filter(|row| row.method == "GET") {
            for pattern in aliases(row) {
                let path = self.real(&row.target.replacen(row.path(), &pattern, 1));
                let reply = reader.get(&path).await;
                if reply.status.is_success() {
                    told.push((path, reply.text()));
                }
            }
        }
        told
    }

    fn real(&self, target: &str) -> String {
        self.records.iter().fold(target.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    /// Who comes to the appointments.
    fn patient(&self) -> String {
        self.records["{patient}"].replacen("usr", "pat", 1)
    }

    /// A body that would do, so that nothing but the policy can refuse it.
    fn body(&self, row: &Row) -> Value {
        match (row.method, shape(row.path()).as_str()) {
            ("POST", "/api/accounts/otp/generate") => json!({"patient_phone": ANA}),
            ("POST", "/api/accounts/otp/verify") => json!({"patient_phone": ANA, "otp": "123456"}),
            ("POST", "/api/appointments") => json!({
                "patient": self.patient(), "hospital": self.records["{hospital}"],
                "department": self.records["{department}"],
                "requested_time": "2030-01-14T11:00:00Z",
            }),
            ("POST", "/api/appointments/book" | "/api/consultations") => json!({
                "patient": self.patient(), "doctor": self.records["{doctor}"],
                "start": "2030-01-14T11:00:00Z",
            }),
            ("POST", "/api/appointments/holds") => {
                json!({"doctor": self.records["{doctor}"], "start": "2030-01-14T11:00:00Z"})
            }
            ("POST", "/api/appointments/queues/{}/tokens") => json!({"patient": self.patient()}),
            ("POST", "/api/appointments/waitlist") => {
                json!({"doctor": self.records["{doctor}"], "date": "2030-01-15"})
            }
            ("POST", "/api/appointments/{}/assign-doctor") => {
                json!({"doctor_id": self.records["{doctor}"]})
            }
            ("POST", "/api/appointments/{}/cancel") => json!({"reason": "Away."}),
            ("POST", "/api/appointments/{}/complete") => json!({"notes": "Well."}),
            ("POST", "/api/appointments/{}/reschedule") => json!({"start": "2030-01-14T11:30:00Z"}),
            ("PATCH" | "PUT", "/api/appointments/{}") => json!({"reason": "Fever"}),
            ("PATCH" | "PUT", "/api/appointments/{}/status") => json!({"status": "CHECKED_IN"}),
            ("POST", "/api/consultations/{}/diagnosis") => json!({"diagnosis": "Flu"}),
            ("POST", "/api/consultations/{}/notes") => json!({"content": "Hm."}),
            ("POST", "/api/consultations/{}/symptoms") => json!({"symptom": "Fever"}),
            ("POST", "/api/consultations/{}/vital-signs") => json!({"heart_rate": 90}),
            ("PATCH" | "PUT", "/api/consultations/{}/diagnosis/{}") => json!({"diagnosis": "Flu"}),
            ("PATCH" | "PUT", "/api/consultations/{}/notes/{}") => json!({"content": "Hm."}),
            ("PATCH" | "PUT", "/api/consultations/{}/symptoms/{}") => json!({"symptom": "Fever"}),
            ("PATCH" | "PUT", "/api/consultations/{}/vital-signs/{}") => json!({"heart_rate": 90}),
            ("POST", "/api/auth/admin/users") => json!({"role": "PATIENT", "name": "Eve Adams"}),
            ("POST", "/api/auth/logout") => json!({"refresh": self.refresh}),
            ("DELETE", "/api/auth/sessions") => json!({"session_id": self.records["{session}"]}),
            ("POST", "/api/hospitals/departments") => {
                json!({"name": "Radiology", "hospital": self.records["{hospital}"]})
            }
            ("POST", "/api/hospitals/doctors/create") => json!({
                "first_name": "Eve", "last_name": "Adams", "email": "eve@example.org",
                "phone_number": "+923002220002", "specialization": "Cardiology",
                "hospital": self.records["{hospital}"],
            }),
            ("PATCH" | "PUT", "/api/auth/admin/users/{}") => json!({"first_name": "Eve"}),
            ("PATCH" | "PUT", "/api/hospitals/departments/{}") => json!({"name": "Eve's"}),
            ("POST", "/api/doctors/create") => {
                json!({"first_name": "Eve", "specialization": "Cardiology"})
            }
            ("POST", "/api/doctors/{}/education") => json!({"degree": "MD", "institution": "U"}),
            ("POST", "/api/doctors/{}/experience") => {
                json!({"organization": "C", "position": "P", "start_date": "2020-01-01"})
            }
            (
                "POST",
                "/api/doctors/{}/schedule"
                | "/api/doctors/{}/availability"
                | "/api/doctor-availability",
            ) => {
                json!({"day_of_week": "FRIDAY", "start_time": "09:00", "end_time": "10:00"})
            }
            ("POST", "/api/doctors/{}/reviews") => json!({"rating": 1}),
            ("POST", "/api/doctors/{}/verify") => json!({"is_verified": true}),
            ("POST", "/api/mappings") => {
                json!({"patient": self.records["{managed}"], "doctor": self.records["{doctor}"]})
            }
            ("POST", "/api/patients/{}/merge" | "/api/patients/{}/unmerge") => {
                json!({"duplicate": self.records["{managed}"]})
            }
            ("POST", "/api/patients/{}/notes") => json!({"note": "Hello."}),
            ("POST", "/api/reviews") => json!({"doctor": self.records["{doctor}"], "rating": 1}),
            ("POST", "/api/reviews/{}/moderate") => json!({"is_approved": true}),
            ("PATCH" | "PUT", "/api/doctors/{}/education/{}") => json!({"degree": "PhD"}),
            ("PATCH" | "PUT", "/api/doctors/{}/experience/{}") => json!({"position": "Boss"}),
            (
                "PATCH" | "PUT",
                "/api/doctors/{}/schedule/{}"
                | "/api/doctors/{}/availability/{}"
                | "/api/doctor-availability/{}",
            ) => {
                json!({"end_time": "11:00"})
            }
            ("PATCH" | "PUT", "/api/doctors/{}/reviews/{}" | "/api/reviews/{}") => {
                json!({"rating": 2})
            }
            ("PATCH" | "PUT", "/api/doctors/{}/update") => json!({"first_name": "Eve"}),
            ("PATCH" | "PUT", "/api/mappings/{}/update") => json!({"notes": "Hm."}),
            ("PATCH" | "PUT", "/api/patients/{}") => json!({"first_name": "Eve"}),
            ("PATCH" | "PUT", "/api/patients/{}/notes/{}") => json!({"note": "Hm."}),
            ("PATCH" | "PUT", "/api/hospitals/{}") => json!({"name": "Eve's"}),
            _ => self.paper(row),
        }
    }

    /// The same for what is known of people's health.
    fn paper(&self, row: &Row) -> Value {
        match (row.method, shape(row.path()).as_str()) {
            ("POST", "/api/records" | "/api/patients/{}/medical-records") => json!({
                "patient": self.records["{ana}"], "record_type": "OTHER", "title": "Eve",
            }),
            ("POST", "/api/records/patients/{}/break-glass") => {
                json!({"reason": "Curiosity, to be honest."})
            }
            ("POST", "/api/records/break-glass/{}/review") => json!({"outcome": "JUSTIFIED"}),
            ("POST", "/api/records/patients/{}/reports/upload") => self.upload("file_type", "LAB"),
            ("POST", "/api/records/{}/upload_attachment") => self.upload("document_type", "SCAN"),
            ("POST", "/api/patients/{}/documents") => self.upload("document_type", "ID_PROOF"),
            ("POST", "/api/doctors/{}/documents") => self.upload("document_type", "LICENSE"),
            ("POST", "/api/consultations/{}/documents" | "/api/prescriptions/{}/documents") => {
                self.upload("document_type", "SCAN")
            }
            ("POST", "/api/records/{}/add_annotation") => json!({"content": "Hm."}),
            ("POST", "/api/doctors/annotations") => {
                json!({"record": self.records["{record}"], "content": "Hm."})
            }
            ("POST", "/api/medical-records") => {
                json!({"appointment": self.records["{appointment}"], "diagnosis": "Flu"})
            }
            ("POST", "/api/lab-results") => json!({
                "medical_record": self.records["{finding}"], "test_name": "Na",
                "test_type": "BLOOD",
            }),
            ("POST", "/api/prescriptions") => json!({
                "patient": self.records["{ana}"], "medicines": [{"name": "Ibuprofen"}],
            }),
            ("POST", "/api/prescriptions/interactions/check") => {
                json!({"patient": self.records["{ana}"], "medicines": ["Ibuprofen"]})
            }
            ("POST", "/api/prescriptions/interactions") => json!({
                "drug1": "ibuprofen", "drug2": "aspirin", "severity": "NOTE", "detail": "Ours.",
            }),
            ("POST", "/api/prescriptions/adherence") => {
                json!({"medication": self.records["{item}"], "status": "MISSED"})
            }
            ("POST", "/api/prescriptions/reminders") => {
                json!({"medication": self.records["{item}"], "reminder_times": ["09:00"]})
            }
            ("POST", "/api/prescriptions/templates") => json!({"name": "Flu"}),
            ("POST", "/api/webhooks") => json!({"url": "https://his.example.org/hook"}),
            ("POST", "/api/recommendations/{}/decision") => json!({"decision": "ACCEPTED"}),
            ("POST", "/api/prescriptions/{}/medications") => json!({"name": "Ibuprofen"}),
            ("POST", "/api/prescriptions/{}/notes") => json!({"note": "Hm."}),
            ("POST", "/api/prescriptions/{}/send-to-pharmacy") => {
                json!({"pharmacy_name": "Corner"})
            }
            ("PATCH" | "PUT", "/api/prescriptions/interactions/{}") => {
                json!({"severity": "NOTE"})
            }
            ("PATCH" | "PUT", "/api/prescriptions/{}/notes/{}") => json!({"note": "Hm."}),
            (
                "POST",
                "/api/patients/{}/documents/{}/verify" | "/api/doctors/{}/documents/{}/verify",
            )
            | ("PATCH" | "PUT", _) => json!({}),
            _ => Value::Null,
        }
    }

    /// A document whose file would be that of Ana.
    fn upload(&self, kind: &str, value: &str) -> Value {
        json!({kind: value, "upload_id": self.records["{upload}"]})
    }
}
