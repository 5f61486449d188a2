/* From the fit of two heads to the AC-PC frame: axes, angles and the expected errors. */
#include "register/frame.h"

#include "register/frame_fit.h"
#include "stats/distribution.h"

#include <math.h>
#include <string.h>

#define RESIDUAL_LIMIT 3.0
#define SMALLEST_SCALE 0.7
#define LARGEST_SCALE 1.4
#define DEGREES (180.0 / 3.14159265358979323846)
/* Sigma of the neighbourhood that corrects the commissures, mm. */
#define REACH 18.0
enum { GLOBAL_STEPS = 40, LOCAL_STEPS = 15, AGAIN_STEPS = 6 };

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* false when a has no length. */
static bool normalise(double a[3])
{
    double length = sqrt(dot(a, a));
    for (int c = 0; c < 3; ++c) {
        a[c] /= length;
    }
    return length > 1e-6;
}

/* Columns: right made perpendicular to the AC-PC line, the line, and up. */
bool dn_frame_axes(const double ac[3], const double pc[3], const double right[3], double rotation[3][3])
{
    double x[3], y[3], z[3];
    for (int c = 0; c < 3; ++c) {
        y[c] = ac[c] - pc[c];
        x[c] = right[c];
    }
    bool good = normalise(y);
    double along = dot(x, y);
    for (int c = 0; c < 3; ++c) {
        x[c] -= along * y[c];
    }
    good = normalise(x) && good;
    cross(x, y, z);
    for (int r = 0; r < 3; ++r) {
        rotation[r][0] = x[r];
        rotation[r][1] = y[r];
        rotation[r][2] = z[r];
    }
    return good;
}

void dn_frame_set(dn_frame *frame, const double rotation[3][3], const double ac[3], const double pc[3])
{
    double length = 0.0;
    for (int r = 0; r < 3; ++r) {
        frame->to_scan.m[r][3] = ac[r];
        frame->ac[r] = ac[r];
        frame->pc[r] = pc[r];
        length += (ac[r] - pc[r]) * (ac[r] - pc[r]);
        frame->from_scan.m[r][3] = 0.0;
        for (int c = 0; c < 3; ++c) {
            frame->to_scan.m[r][c] = rotation[r][c];
            frame->from_scan.m[r][c] = rotation[c][r];
            frame->from_scan.m[r][3] -= rotation[c][r] * ac[c];
        }
    }
    frame->ac_pc_mm = sqrt(length);
    /* Rz(yaw) Ry(roll) Rx(pitch) has -sin(roll) in its lower left corner. */
    frame->roll = DEGREES * asin(fmax(-1.0, fmin(1.0, -rotation[2][0])));
    frame->pitch = DEGREES * atan2(rotation[2][1], rotation[2][2]);
    frame->yaw = DEGREES * atan2(rotation[1][0], rotation[0][0]);
}

void dn_frame_move(const dn_frame *frame, const dn_affine *move, dn_frame *out)
{
    double rotation[3][3], ac[3], pc[3];
    dn_affine moved;
    dn_affine_compose(move, &frame->to_scan, &moved);
    dn_affine_apply(move, frame->ac, ac);
    dn_affine_apply(move, frame->pc, pc);
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            rotation[r][c] = moved.m[r][c];
        }
    }
    if (out != frame) {
        *out = *frame;
    }
    dn_frame_set(out, (const double(*)[3])rotation, ac, pc);
}

double dn_frame_angle(const dn_frame *a, const dn_frame *b)
{
    /* |Ra - Rb| (Frobenius) is 2 sqrt(2) sin(angle / 2): exact also where the cosine is flat. */
    double sum = 0.0;
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) {
            double d = a->to_scan.m[r][c] - b->to_scan.m[r][c];
            sum += d * d;
        }
    }
    return DEGREES * 2.0 * asin(fmin(1.0, sqrt(sum / 8.0)));
}

/* Commissures and axes where the pose puts them. The normal of a plane goes with the inverse transpose. */
static dn_status frame_of(const dn_fit_pose *pose, double ac_pc, dn_frame *out)
{
    const double ac[3] = {0, 0, 0}, pc[3] = {0, -ac_pc, 0};
    double ac_scan[3], pc_scan[3], right[3], rotation[3][3];
    dn_affine matrix, inverse;
    dn_fit_matrix(pose, &matrix);
    DN_TRY(dn_affine_invert(&matrix, &inverse));
    dn_affine_apply(&matrix, ac, ac_scan);
    dn_affine_apply(&matrix, pc, pc_scan);
    for (int c = 0; c < 3; ++c) {
        right[c] = inverse.m[0][c];
    }
    if (!dn_frame_axes(ac_scan, pc_scan, right, rotation)) {
        DN_FAIL(DN_EDATA, "the anterior and the posterior commissure would lie in one point; the label map is not a head");
    }
    dn_frame_set(out, (const double(*)[3])rotation, ac_scan, pc_scan);
    return DN_OK;
}

static void solve(const dn_fit *fit, int without, bool rigid_only, const double centre[3], bool again, dn_fit_pose *pose)
{
    dn_fit_global(fit, without, again ? AGAIN_STEPS : GLOBAL_STEPS, pose);
    if (!rigid_only) {
        dn_fit_local(fit, without, again ? AGAIN_STEPS : LOCAL_STEPS, centre, REACH, pose);
    }
}

/* What leaving out a structure changes. */
typedef struct left_out {
    dn_frame frame;
    dn_status status;
} left_out;

/* Jackknife over structures: what leaving each out changes. */
static dn_status estimate_errors(const dn_fit *fit, const dn_fit_pose *global, bool rigid_only, const double centre[3], double ac_pc,
                                 dn_frame *frame)
{
    double ac = 0.0, pc = 0.0, turn = 0.0;
    left_out without[DN_FIT_LIMIT];
    memset(without, 0, sizeof without);
#pragma omp parallel for schedule(dynamic, 1)
    for (size_t s = 0; s < fit->count; ++s) {
        dn_fit_pose pose = *global;
        solve(fit, (int)s, rigid_only, centre, true, &pose);
        without[s].status = frame_of(&pose, ac_pc, &without[s].frame);
    }
    for (size_t s = 0; s < fit->count; ++s) {
        const dn_frame *other = &without[s].frame;
        if (without[s].status != DN_OK) { /* its message was another thread's */
            DN_FAIL(without[s].status, "the label map has no %s, so the AC-PC frame cannot be found; it is not a head", fit->at[s].name);
        }
        double angle = dn_frame_angle(frame, other);
        turn += angle * angle;
        for (int c = 0; c < 3; ++c) {
            ac += (other->ac[c] - frame->ac[c]) * (other->ac[c] - frame->ac[c]);
            pc += (other->pc[c] - frame->pc[c]) * (other->pc[c] - frame->pc[c]);
        }
    }
    double share = (double)(fit->count - 1) / (double)fit->count;
    frame->error_mm = sqrt(share * fmax(ac, pc));
    frame->error_degrees = sqrt(share * turn);
    return DN_OK;
}

static dn_status check(const dn_fit_pose *pose, double limit, const dn_frame *frame)
{
    double least = fmin(pose->scale[0], fmin(pose->scale[1], pose->scale[2]));
    double most = fmax(pose->scale[0], fmax(pose->scale[1], pose->scale[2]));
    if (frame->residual_mm > limit) {
        DN_FAIL(DN_EDATA,
                "after the best alignment the labelled structures lie %.1f mm (median) from those of the reference head, more than %.1f "
                "mm; check the labels with a viewer",
                frame->residual_mm, limit);
    }
    if (least < SMALLEST_SCALE || most > LARGEST_SCALE) {
        DN_FAIL(DN_EDATA,
                "the head would be %.2f x %.2f x %.2f times the size of the reference head, outside %.1f to %.1f; check the scan's voxel "
                "size and the labels",
                pose->scale[0], pose->scale[1], pose->scale[2], SMALLEST_SCALE, LARGEST_SCALE);
    }
    return DN_OK;
}

dn_status dn_frame_from_labels(const dn_labels *labels, const dn_frame_reference *reference, const dn_frame_options *options, dn_frame *out)
{
    dn_status status = DN_OK;
    dn_fit fit;
    dn_fit_pose pose, global;
    dn_frame own = {.structures = 0};
    bool mirrored;
    double rotation[3][3];
    const bool rigid_only = options != NULL && options->rigid_only;
    const double limit = options != NULL && options->residual_limit > 0.0 ? options->residual_limit : RESIDUAL_LIMIT;
    if (!dn_frame_axes(reference->ac, reference->pc, reference->right, rotation)) {
        DN_FAIL(DN_EDATA, "the reference's commissures lie in one point");
    }
    dn_frame_set(&own, (const double(*)[3])rotation, reference->ac, reference->pc);
    const double centre[3] = {0, -0.5 * own.ac_pc_mm, 0};
    DN_TRY(dn_fit_gather(labels, reference->labels, &own.from_scan, &fit));
    dn_gsl_quiet();
    DN_TRY_GOTO(status, dn_fit_centroids(&fit, &pose, &mirrored), done);
    if (mirrored) {
        DN_FAIL_GOTO(status, done, DN_EDATA,
                     "the labels and the orientation of their file contradict each other: left and right are exchanged; check which of the "
                     "two is wrong");
    }
    memset(out, 0, sizeof *out);
    out->structures = (int)fit.count;
    solve(&fit, -1, true, centre, false, &pose);
    global = pose;
    if (!rigid_only) {
        dn_fit_local(&fit, -1, LOCAL_STEPS, centre, REACH, &pose);
    }
    DN_TRY_GOTO(status, frame_of(&pose, own.ac_pc_mm, out), done);
    memcpy(out->scale, pose.scale, sizeof out->scale);
    DN_TRY_GOTO(status, dn_fit_residual(&fit, &global, &out->residual_mm), done);
    DN_TRY_GOTO(status, check(&pose, limit, out), done);
    status = estimate_errors(&fit, &global, rigid_only, centre, own.ac_pc_mm, out);
done:
    dn_fit_release(&fit);
    return status;
}
