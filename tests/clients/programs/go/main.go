// Asks STS who we are, once for each line of standard input; every answer is one line of JSON.
//
//	identity v2|v1|terraform PROFILE
//
// The configuration is made once and kept, as in a program that runs for long; only the role
// credentials are fetched anew for each question.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	awsv1 "github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/session"
	stsv1 "github.com/aws/aws-sdk-go/service/sts"
	base "github.com/hashicorp/aws-sdk-go-base/v2"
)

type asker func() (string, error)

func main() {
	ways := map[string]func(string) (asker, error){"v2": second, "v1": first, "terraform": terraform}
	ask, failed := ways[os.Args[1]](os.Args[2])
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		account, err := "", failed
		if failed == nil {
			account, err = ask()
		}
		told := map[string]string{"account": account}
		if err != nil {
			told = map[string]string{"error": strings.TrimPrefix(fmt.Sprintf("%T", err), "*"), "message": err.Error()}
		}
		line, _ := json.Marshal(told)
		fmt.Println(string(line))
	}
}

func second(profile string) (asker, error) {
	loaded, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile(profile))
	return asking(loaded), err
}

// As the providers of Terraform, Packer and others of HashiCorp load it.
func terraform(profile string) (asker, error) {
	ctx, loaded, diagnostics := base.GetAwsConfig(context.Background(), &base.Config{
		Profile: profile,
		// The provider asks STS about itself first unless told not to.
		SkipCredsValidation: true,
	})
	_ = ctx
	if diagnostics.HasError() {
		one := diagnostics.Errors()[0]
		return nil, fmt.Errorf("%s: %s", one.Summary(), one.Detail())
	}
	return asking(loaded), nil
}

func asking(loaded aws.Config) asker {
	client := sts.NewFromConfig(loaded)
	return func() (string, error) {
		if cache, ok := loaded.Credentials.(*aws.CredentialsCache); ok {
			cache.Invalidate()
		}
		told, err := client.GetCallerIdentity(context.Background(), nil)
		if err != nil {
			return "", err
		}
		return *told.Account, nil
	}
}

// The SDK v1 reads no AWS_ENDPOINT_URL_*.
func first(profile string) (asker, error) {
	places := map[string]string{
		"portal.sso": os.Getenv("AWS_ENDPOINT_URL_SSO"),
		"oidc":       os.Getenv("AWS_ENDPOINT_URL_SSO_OIDC"),
		"sts":        os.Getenv("AWS_ENDPOINT_URL_STS"),
	}
	resolve := func(service, region string, options ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
		if place := places[service]; place != "" {
			return endpoints.ResolvedEndpoint{URL: place, SigningRegion: region}, nil
		}
		return endpoints.DefaultResolver().EndpointFor(service, region, options...)
	}
	made, err := session.NewSessionWithOptions(session.Options{
		Profile:           profile,
		SharedConfigState: session.SharedConfigEnable,
		Config:            awsv1.Config{EndpointResolver: endpoints.ResolverFunc(resolve)},
	})
	if err != nil {
		return nil, err
	}
	client := stsv1.New(made)
	return func() (string, error) {
		made.Config.Credentials.Expire()
		told, err := client.GetCallerIdentity(nil)
		if err != nil {
			return "", err
		}
		return *told.Account, nil
	}, nil
}
