package records_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func email(subject string) carpel.Content {
	return carpel.Content{Email: &carpel.EmailContent{Subject: subject, Format: "html", Body: "<p>{{ customer.first_name }}</p>"}}
}

func TestTemplates(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	made, err := db.CreateTemplate(t.Context(), ws, "key_1", carpel.Template{Name: " Welcome, Ana! ", Content: email("Hello")})
	if err != nil {
		t.Fatal(err)
	}
	if made.Key != "welcome-ana" || made.Kind != carpel.Email || made.Version != 1 || made.Alias != 1 {
		t.Errorf("made %+v", made)
	}
	for _, ref := range []string{made.ID, made.Key} {
		got, err := db.Template(t.Context(), ws, ref)
		if diff := cmp.Diff(made, got); diff != "" || err != nil {
			t.Error(ref, err, diff)
		}
		_, err = db.Template(t.Context(), other, ref)
		wantCode(t, "another workspace's template", err, carpel.CodeNotFound)
	}
	if got, err := db.TemplateByAlias(t.Context(), ws, 1); err != nil || got.ID != made.ID {
		t.Errorf("by alias: %v, %v", got, err)
	}
	if again, err := db.CreateTemplate(t.Context(), ws, "key_1", carpel.Template{Name: "Welcome Ana", Content: email("Hello")}); err != nil || again.Key != "welcome-ana-2" {
		t.Errorf("the same name again makes %v, %v", again, err)
	}
	for name, bad := range map[string]carpel.Template{
		"no name": {Content: email("x")}, "no content": {Name: "x"}, "a bad key": {Name: "x", Key: "X y", Content: email("x")},
		"two contents": {Name: "x", Content: carpel.Content{Email: email("x").Email, Push: &carpel.PushContent{Title: "x"}}},
	} {
		if made, err := db.CreateTemplate(t.Context(), ws, "key_1", bad); err == nil {
			t.Errorf("%s makes %+v", name, made)
		}
	}

	c.pass(time.Minute)
	content := email("Hello, you")
	edited, err := db.UpdateTemplate(t.Context(), ws, "key_2", made.Key, records.TemplateEdit{Content: &content, IfVersion: made.UpdatedAt})
	if err != nil || edited.Version != 2 || !edited.UpdatedAt.After(made.UpdatedAt) {
		t.Fatalf("edited %v, %v", edited, err)
	}
	name := "Hello"
	same, err := db.UpdateTemplate(t.Context(), ws, "key_2", made.ID, records.TemplateEdit{Name: &name, Content: &content})
	if err != nil || same.Version != 2 || same.Name != name {
		t.Errorf("the same content makes version %d, %v", same.Version, err)
	}
	_, err = db.UpdateTemplate(t.Context(), ws, "key_2", made.ID, records.TemplateEdit{Content: &content, IfVersion: made.UpdatedAt})
	wantCode(t, "an edit of what was edited since", err, carpel.CodeVersion)
	_, err = db.UpdateTemplate(t.Context(), ws, "key_2", made.ID, records.TemplateEdit{Content: &carpel.Content{Push: &carpel.PushContent{Title: "x"}}})
	wantCode(t, "a content of another kind", err, carpel.CodeInvalid)

	if err := db.DeleteTemplate(t.Context(), ws, made.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "deleted twice", db.DeleteTemplate(t.Context(), ws, made.ID), carpel.CodeNotFound)
	versions, err := db.TemplateVersions(t.Context(), ws, made.ID)
	if err != nil || len(versions) != 2 || versions[0].SavedBy != "key_2" || versions[1].Content.Email.Subject != "Hello" {
		t.Errorf("versions %+v, %v", versions, err)
	}
	if got, err := db.TemplateContent(t.Context(), ws, made.ID, 1); err != nil || got.Email.Subject != "Hello" {
		t.Errorf("what is planned with version 1 would say %+v, %v", got, err)
	}
	_, err = db.TemplateContent(t.Context(), other, made.ID, 1)
	wantCode(t, "another workspace's content", err, carpel.CodeNotFound)
}

func TestTemplateInUse(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	made, err := db.CreateTemplate(t.Context(), ws, "key_1", carpel.Template{Name: "x", Content: carpel.Content{Push: &carpel.PushContent{Title: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := db.CreateBroadcast(t.Context(), ws, carpel.Broadcast{Name: "b", Spec: carpel.BroadcastSpec{Variants: []carpel.BroadcastVariant{{Template: made.ID}}}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.DeleteTemplate(t.Context(), ws, made.ID)
	wantCode(t, "a template that a broadcast is to send", err, carpel.CodeInUse)
	if !strings.Contains(err.Error(), b.ID) {
		t.Errorf("%v does not name the broadcast", err)
	}
	if err := db.DeleteBroadcast(t.Context(), ws, b.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}

	sends, waiting := campaignSpec(carpel.CampaignStep{ID: "s", Kind: carpel.StepSend, Template: made.ID}), campaignSpec(waits("a")...)
	m, err := db.CreateCampaign(t.Context(), ws, "key_1", carpel.Campaign{Name: "m", Spec: sends})
	if err != nil {
		t.Fatal(err)
	}
	users := func(want ...string) {
		t.Helper()
		got, err := db.TemplateUsers(t.Context(), ws, made.ID)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
	users(m.ID)
	for _, e := range []records.CampaignEdit{{State: carpel.CampaignLive}, {Spec: &waiting}} {
		if _, err := db.UpdateCampaign(t.Context(), ws, "key_1", m.ID, e); err != nil {
			t.Fatal(err)
		}
	}
	users()
	ann := carpel.Journey{ID: "j", Campaign: m.ID, Version: 1, Person: "p_ann", State: carpel.JourneyActive, Step: "s"}
	for _, state := range []carpel.JourneyState{carpel.JourneyActive, carpel.JourneyDone} {
		ann.State = state
		if err := db.CommitJourneys(t.Context(), ws, records.JourneyBatch{Journeys: []carpel.Journey{ann}}); err != nil {
			t.Fatal(err)
		}
		if state == carpel.JourneyActive {
			users(m.ID) // finishes on the version that she began with
		}
	}
	users()
	if err := db.DeleteTemplate(t.Context(), ws, made.ID); err != nil {
		t.Error(err)
	}
}
