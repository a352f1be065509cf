/* homework.h says what this is. */

#include "homework.h"

#include <math.h>

void homework_forward(const struct homework_given *given, struct homework_values *values)
{
    const double x_0 = given->x_0, x_1 = given->x_1, x_2 = given->x_2, theta_0 = given->theta_0;
    const double theta_1 = given->theta_1, theta_2 = given->theta_2;

    const double s = theta_0*x_0 + theta_1*x_1*x_1 + theta_2*pow(x_2, 3.0);  // s = θ₀ x₀ + θ₁ x₁² + θ₂ x₂³
    const double f = exp(-s);                                                // f = exp(-s)

    *values = (struct homework_values){s, f};
}

void homework_backward(
    const struct homework_given *given, const struct homework_values *values,
    struct homework_deltas *deltas, struct homework_gradients *gradients)
{
    const double x_0 = given->x_0, x_1 = given->x_1, x_2 = given->x_2, f = values->f;

    // Deltas, from the output back
    const double delta_s = -f;  // δ_s ≡ ∂f/∂s = -f

    // Gradients
    const double df_dtheta_0 = delta_s*x_0;            // ∂f/∂θ₀ = ∂f/∂s · ∂s/∂θ₀ = δ_s x₀
    const double df_dtheta_1 = delta_s*x_1*x_1;        // ∂f/∂θ₁ = ∂f/∂s · ∂s/∂θ₁ = δ_s x₁²
    const double df_dtheta_2 = delta_s*pow(x_2, 3.0);  // ∂f/∂θ₂ = ∂f/∂s · ∂s/∂θ₂ = δ_s x₂³

    *deltas = (struct homework_deltas){delta_s};
    *gradients = (struct homework_gradients){df_dtheta_0, df_dtheta_1, df_dtheta_2};
}

#ifdef HOMEWORK_MAIN

#include <stdio.h>

/* The values of the spec. */
static struct homework_given given = {
    .x_0 = 1.0, .x_1 = 2.0, .x_2 = 1.0, .theta_0 = 1.0, .theta_1 = 1.0, .theta_2 = 1.0,
};
static struct homework_values values;
static struct homework_deltas deltas;
static struct homework_gradients gradients;

static const struct {
    const char *name;
    double *at;
    const double *gradient;
    size_t count;
} compared[] = {
    {"theta_0", &given.theta_0, &gradients.theta_0, 1}, {"theta_1", &given.theta_1, &gradients.theta_1, 1},
    {"theta_2", &given.theta_2, &gradients.theta_2, 1},
};

/* (f(w + h) - f(w - h))/2h for one number w. */
static double difference(double *w)
{
    const double kept = *w;
    double losses[2], entries[2];
    for (int side = 0; side < 2; side++) {
        *w = kept + (1 - 2*side)*1e-5*fmax(1.0, fabs(kept));
        homework_forward(&given, &values);
        losses[side] = values.f;
        entries[side] = *w;
    }
    *w = kept;
    return (losses[0] - losses[1])/(entries[0] - entries[1]);
}

int main(void)
{
    homework_forward(&given, &values);
    homework_backward(&given, &values, &deltas, &gradients);
    const double least = fmax(1e-4*fabs(values.f), 1e-12);
    int failed = 0;
    for (size_t i = 0; i < sizeof compared/sizeof compared[0]; i++) {
        double largest = 0.0, scale = least;
        for (size_t place = 0; place < compared[i].count; place++) {
            const double numeric = difference(compared[i].at + place);
            const double error = fabs(compared[i].gradient[place] - numeric);
            failed |= !isfinite(error);
            largest = fmax(largest, error);
            scale = fmax(scale, fabs(numeric));
        }
        failed |= largest > 1e-6*scale;
        printf("df/d%s: largest relative error %.1e\n", compared[i].name, largest/scale);
    }
    puts(failed ? "failed: an error is above 1e-6" : "passed");
    return failed;
}

#endif
